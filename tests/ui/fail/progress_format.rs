use stream_events::progress;

fn main() {
    let n = 3;
    progress!("{} of {}", n);
    progress!("{missing}", step = "a");
    progress!("{n", step = "a");
    progress!("done", n + 1);
}
