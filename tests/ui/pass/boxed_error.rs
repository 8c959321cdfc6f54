//! A boxed error: an early `return Err(..)` and `?` are coerced as in a plain function.
use std::error::Error;
use std::fmt;
use stream_events::job_events;

#[derive(Debug)]
struct Empty;

impl fmt::Display for Empty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("empty")
    }
}

impl Error for Empty {}

#[job_events(task_type = "parse")]
async fn parse(job_id: &str, text: &str) -> Result<u32, Box<dyn Error + Send + Sync>> {
    let _ = job_id;
    if text.is_empty() {
        return Err(Box::new(Empty));
    }
    let number = text.parse()?;
    Ok(number)
}

#[job_events(task_type = "closure")]
async fn closure(job_id: &str) -> Result<Box<dyn Fn() -> u32>, Empty> {
    let _ = job_id;
    Ok(Box::new(|| 3))
}

#[test]
fn main() {
    drop(parse("1", ""));
    drop(closure("1"));
}
