//! `attempt` and `max_attempts` take any integer, also behind a reference or in an `Option`; `parent`
//! takes what displays, an `Option` of it, or `none`.
use std::fmt;

use stream_events::job_events;

struct Message {
    tries: u32,
    order: Order,
}

struct Order(u8);

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order_{}", self.0)
    }
}

#[job_events(task_type = "a", parent = order)]
async fn part_of_an_order_perhaps(job_id: &str, order: Option<&Order>) {
    let _ = (job_id, order);
}

#[job_events(task_type = "a", parent = order)]
async fn part_of_one_that_is_lent(job_id: &str, order: &Option<String>) {
    let _ = (job_id, order);
}

const MOST: i64 = 5;

#[job_events(task_type = "a", attempt = message.tries + 1, max_attempts = MOST, parent = message.order)]
async fn of_a_message(job_id: &str, message: &Message) -> Result<(), String> {
    let _ = message;
    Err(job_id.to_owned())
}

#[job_events(task_type = "a", attempt = tries, max_attempts = most, parent = none)]
async fn of_options(job_id: &str, tries: Option<&usize>, most: &Option<u8>) {
    let _ = (job_id, tries, most);
}

/// The name means the argument nowhere but in `parent`.
#[job_events(task_type = "a", attempt = none.0, parent = (none.1))]
async fn of_a_name_that_means_something(job_id: &str, none: (u8, &'static str)) {
    let _ = (job_id, none);
}

struct Worker {
    name: &'static str,
}

impl Worker {
    #[job_events(task_type = "a", attempt = 1, parent = self.name)]
    async fn of_a_method(&mut self, job_id: u32) {
        let _ = job_id;
        self.name = "changed";
    }
}

#[test]
fn main() {
    let message = Message {
        tries: 1,
        order: Order(7),
    };
    drop(of_a_message("a", &message));
    drop(part_of_an_order_perhaps("a", Some(&message.order)));
    drop(part_of_one_that_is_lent("a", &None));
    drop(of_options("a", Some(&1), &None));
    drop(of_a_name_that_means_something("a", (1, "b")));
    drop(Worker { name: "w" }.of_a_method(1));
}
