use stream_events::progress;

fn main() {
    let (percent, rows) = (10, 3);
    progress!("reading", %percent, current = ?rows);
}
