//! The job id: the argument of that name, one inside of a pattern, any expression, or a new one.
use std::fmt;
use stream_events::job_events;

struct Uuid(u128);

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

struct Path<T>(T);

struct Input {
    id: u64,
    part: u64,
}

#[job_events(task_type = "argument")]
async fn argument(job_id: Uuid) -> Uuid {
    job_id
}

#[job_events(task_type = "pattern")]
async fn pattern(Path((job_id, _page)): Path<(String, u32)>) -> usize {
    job_id.len()
}

#[job_events(task_type = "expression", job_id = input.id * 100 + input.part)]
async fn expression(input: Input) -> Input {
    input
}

#[job_events(task_type = "formatted", job_id = format_args!("{}-{}", input.id, input.part))]
async fn formatted(input: Input) {
    let _ = input;
}

#[job_events(task_type = "fresh", job_id = new)]
async fn fresh(unrelated: u8) -> u8 {
    unrelated
}

#[test]
fn main() {
    drop(argument(Uuid(1)));
    drop(pattern(Path((String::new(), 1))));
    drop(expression(Input { id: 1, part: 2 }));
    drop(formatted(Input { id: 1, part: 2 }));
    drop(fresh(1));
}
