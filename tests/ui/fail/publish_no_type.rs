fn main() {
    let page = 1;
    stream_events::publish!();
    stream_events::publish!(page = 1);
    stream_events::publish!(%page);
    stream_events::publish!(page);
}
