//! Generics, lifetimes, consts and where clauses.
use std::fmt::{Debug, Display};
use stream_events::job_events;

#[job_events(task_type = "longest", fields(?items))]
async fn longest<'a, T, I, const N: usize>(job_id: I, items: &'a [T; N]) -> Option<&'a T>
where
    T: Ord + Debug,
    I: Display + Send,
{
    drop(job_id);
    items.iter().max()
}

struct Holder<'a, T>(&'a T);

impl<'a, T: ToString> Holder<'a, T> {
    #[job_events(task_type = "text")]
    async fn text<'b>(&'b self, job_id: &'b str) -> Result<(&'a T, &'b str), T::Err>
    where
        T: std::str::FromStr<Err: Display>,
    {
        let _parsed: T = job_id.parse()?;
        Ok((self.0, job_id))
    }
}

#[job_events(task_type = "produce", job_id = new)]
async fn produce<R>(make: impl FnOnce() -> R) -> R {
    make()
}

#[test]
fn main() {
    drop(longest(1, &["a", "b"]));
    drop(Holder(&1).text("1"));
    drop(produce(|| 3));
}
