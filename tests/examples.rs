//! Every example, run as a program of its own: what it prints, and what then stands on the server.
#![allow(clippy::unwrap_used)]

#[path = "programs/jobs.rs"]
mod jobs;
#[path = "programs/program.rs"]
mod program;
#[path = "programs/pushed.rs"]
mod pushed;
#[path = "programs/quickstart.rs"]
mod quickstart;
#[path = "programs/readme.rs"]
mod readme;
#[path = "programs/services.rs"]
mod services;
#[path = "programs/stores.rs"]
mod stores;
