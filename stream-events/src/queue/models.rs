//! Models of what jobs, the worker and callers do at the same time, run in thousands of orders of
//! their steps, each of which a seed or a schedule repeats.
//!
//! `tests/models` builds and runs them. A model that fails prints its schedule, and
//! `MODEL_SCHEDULE=… tests/models NAME` runs that one order again. What one lock, atomic or channel
//! does is one step; memory is taken to be the same for all threads at once, so that what a weaker
//! `Ordering` lets through is not found here.

mod counts;
mod lanes;
mod publisher;
mod room;
mod script;
mod wake;
mod watchlist;

use shuttle::scheduler::{PctScheduler, RandomScheduler, ReplayScheduler, Scheduler};
use shuttle::{Config, MaxSteps, Runner};

/// Orders that are tried of a model, half of them chosen step by step, half with few switches between
/// threads; and of one in which the worker's own code runs, which has many more steps.
const ORDERS: usize = 2_000;
const ORDERS_AT_WORK: usize = 500;
/// How many switches the latter have at most.
const SWITCHES: usize = 4;
/// Bytes of a thread's stack: the worker's are many in a debug build.
const STACK: usize = 1 << 20;
/// Steps of an order at most, many times what any takes: what goes round and round is found.
const STEPS: usize = 20_000;

fn check(model: fn()) {
    try_orders(ORDERS, model);
}

fn check_at_work(model: fn()) {
    try_orders(ORDERS_AT_WORK, model);
}

fn try_orders(orders: usize, model: fn()) {
    match std::env::var("MODEL_SCHEDULE") {
        Ok(schedule) => {
            let mut replay = ReplayScheduler::new_from_encoded(&schedule);
            // A model that has been mended goes on where this schedule broke off.
            replay.set_allow_incomplete();
            run(replay, model);
        }
        Err(_) => {
            run(RandomScheduler::new(orders / 2), model);
            run(PctScheduler::new(SWITCHES, orders / 2), model);
        }
    }
}

fn run(scheduler: impl Scheduler + 'static, model: fn()) {
    // The worker sets timers. Here none fires: what waits for one waits for ever, and is found.
    let clock = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _entered = clock.enter();
    let mut config = Config::new();
    config.stack_size = STACK;
    config.silence_warnings = true;
    config.max_steps = MaxSteps::FailAfter(STEPS);
    // What unwinds under a scheduler that goes on may panic again, and take the whole run along.
    config
        .ungraceful_shutdown_config
        .immediately_return_on_panic = true;
    Runner::new(scheduler, config).run(model);
}
