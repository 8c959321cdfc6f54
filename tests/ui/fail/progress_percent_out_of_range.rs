use stream_events::progress;

fn main() {
    progress!("reading", percent = 101);
    progress!("reading", percent = -0.5);
}
