//! A fn that is not async: `?`, early returns, borrows, methods, generics, coercions, lints.
#![deny(warnings, clippy::all, clippy::pedantic, clippy::nursery)]
use std::error::Error;
use std::fmt::Display;
use std::sync::Arc;
use stream_events::{job_events, progress, publish};

#[job_events(task_type = "double", fields(number), ret)]
fn double(job_id: &str, number: &str) -> Result<i32, Box<dyn Error + Send + Sync>> {
    progress!("doubling {number}", current = 1);
    if number == job_id {
        return Err("not that one".into());
    }
    let number: i32 = number.parse()?;
    publish!("doubled", number);
    Ok(number * 2)
}

#[job_events(task_type = "unit")]
fn unit(job_id: u64) {
    if job_id == 0 {
        return;
    }
    publish!("unit", n = job_id);
}

#[job_events(task_type = "empty", job_id = new)]
fn empty() {}

#[job_events(task_type = "lenient", job_id = new)]
fn lenient() -> u32 {
    #![allow(unused_variables, non_snake_case)]
    let Unused = 3;
    3
}

type Work = Box<dyn Fn() -> u8>;

struct Stack<T>(Vec<T>);

impl<T: Clone + Display> Stack<T> {
    #[job_events(task_type = "top", fields(%extra))]
    fn top_mut<'a>(&'a mut self, job_id: &str, mut extra: T) -> Option<&'a mut T>
    where
        T: PartialEq,
    {
        if extra == self.0[0] {
            extra = self.0[1].clone();
        }
        publish!("top", of = job_id);
        self.0.push(extra);
        self.0.last_mut()
    }

    #[job_events(task_type = "into", job_id = self.0.len())]
    fn into_iter(self) -> impl Iterator<Item = T> {
        self.0.into_iter()
    }

    #[job_events(task_type = "parts", job_id = new)]
    fn parts(&self) -> Result<(impl Iterator<Item = &T> + use<'_, T>, Work), String> {
        if self.0.is_empty() {
            return Err("none".to_owned());
        }
        Ok((self.0.iter(), Box::new(|| 3)))
    }

    #[job_events(task_type = "boxed", job_id = new)]
    fn boxed(&self) -> Box<impl Display + use<T>> {
        Box::new(self.0[0].clone())
    }
}

#[job_events(task_type = "exit", job_id = new)]
fn exit() -> ! {
    panic!("at once")
}

#[job_events(task_type = "forever", job_id = new)]
fn forever() -> Result<(), String> {
    loop {
        std::thread::park();
    }
}

#[job_events(task_type = "later", job_id = new)]
fn later() -> u32 {
    unimplemented!()
}

/// Recursive.
#[job_events(task_type = "factorial")]
fn factorial(job_id: u32) -> u64 {
    if job_id == 0 {
        1
    } else {
        u64::from(job_id) * factorial(job_id - 1)
    }
}

trait Task {
    type Output: Display;

    fn make(&self) -> Self::Output;

    #[job_events(task_type = "made", job_id = new)]
    fn made(self: Arc<Self>) -> Result<(Self::Output, Self::Output), Self::Output> {
        Ok((self.make(), self.make()))
    }

    #[job_events(task_type = "twice", job_id = new)]
    fn twice(&self) -> Self::Output {
        self.make()
    }

    #[job_events(task_type = "run", ret)]
    fn run(&self, job_id: &str) -> usize {
        job_id.len()
    }
}

impl Task for u8 {
    type Output = Self;

    fn make(&self) -> Self {
        *self
    }
}

#[job_events(task_type = "with", job_id = new)]
fn with<T>(job: impl FnOnce() -> T) -> T {
    job()
}

#[test]
fn main() {
    assert_eq!(double("a", "21").ok(), Some(42));
    assert_eq!(
        double("a", "b").err().map(|e| e.to_string()).as_deref(),
        Some("invalid digit found in string")
    );
    assert_eq!(
        double("a", "a").err().map(|e| e.to_string()).as_deref(),
        Some("not that one")
    );
    unit(0);
    unit(1);
    empty();
    assert_eq!(lenient(), 3);
    let mut stack = Stack(vec![1, 2]);
    *stack.top_mut("a", 1).expect("pushed") += 5;
    assert_eq!(stack.boxed().to_string(), "1");
    let (numbers, three) = stack.parts().expect("some");
    assert_eq!((numbers.count(), three()), (3, 3));
    assert_eq!(stack.into_iter().collect::<Vec<_>>(), [1, 2, 7]);
    assert_eq!(factorial(5), 120);
    assert_eq!(3_u8.run("abc"), 3);
    assert_eq!((Arc::new(7_u8).made(), 7_u8.twice()), (Ok((7, 7)), 7));
    assert_eq!(with(|| "x"), "x");
    let _: [fn(); 1] = [|| exit()];
    let _ = (forever as fn() -> _, later as fn() -> _);
}
