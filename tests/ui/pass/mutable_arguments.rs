//! Arguments that are `mut`, `&mut`, patterns or unused stay as they are.
#![deny(warnings)]
use stream_events::job_events;

#[job_events(task_type = "fill", fields(n))]
async fn fill(
    job_id: &str,
    mut buffer: Vec<u8>,
    out: &mut Vec<u8>,
    n: usize,
    _unused: String,
) -> Vec<u8> {
    buffer.resize(n, 0);
    out.extend_from_slice(job_id.as_bytes());
    buffer
}

#[job_events(task_type = "swap", job_id = new, fields(?left, ?right))]
async fn swap((left, right): (&mut u8, &mut u8), [mut a, _]: [u8; 2]) {
    a += 1;
    std::mem::swap(left, right);
    *left = a;
}

#[test]
fn main() {
    drop(fill("a", vec![], &mut vec![], 3, String::new()));
    drop(swap((&mut 1, &mut 2), [1, 2]));
}
