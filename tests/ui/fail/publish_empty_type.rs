fn main() {
    stream_events::publish!("", page = 1);
}
