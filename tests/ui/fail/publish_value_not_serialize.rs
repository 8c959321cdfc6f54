struct Page;

fn main() {
    stream_events::publish!("page_done", page = Page, shown = %Page, number = 1);
}
