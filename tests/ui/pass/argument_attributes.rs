//! Arguments with attributes of their own: those that are not there are no fields.
#![deny(warnings)]
use stream_events::job_events;

#[job_events(task_type = "resize", fields(width, %name, height, ?gone.size, depth), ret)]
async fn resize(
    #[cfg(test)] job_id: &str,
    #[cfg(not(test))] job_id: NoSuchType,
    #[cfg(test)] width: u32,
    #[cfg(not(test))] width: NoSuchType,
    #[allow(unused_variables)] name: &str,
    #[cfg_attr(not(test), cfg(not(test)))] height: u32,
    #[cfg(not(test))] gone: NoSuchType,
    #[cfg_attr(test, cfg(not(test)))] depth: NoSuchType,
) -> u32 {
    let _ = job_id;
    width * height
}

#[job_events(task_type = "shrink", fields(gone, by))]
fn shrink(job_id: &str, by: u32, #[cfg(not(test))] gone: NoSuchType) -> u32 {
    let _ = job_id;
    by
}

struct Image(u32);

impl Image {
    #[job_events(task_type = "size", job_id = new, fields(size = self.0, gone))]
    fn size(#[cfg(test)] &self, #[cfg(not(test))] gone: NoSuchType) -> u32 {
        self.0
    }
}

#[test]
fn main() {
    drop(resize("a", 1, "b", 2));
    assert_eq!(shrink("a", 3), 3);
    assert_eq!(Image(4).size(), 4);
}
