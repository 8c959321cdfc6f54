fn main() {
    let worker = "w";
    stream_events::publish!("page_done", job_id = 1, %worker, page = 1, page = 2, 3 + 4);
}
