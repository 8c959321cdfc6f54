fn main() {
    stream_events::publish!("task_completed", result = 3);
}
