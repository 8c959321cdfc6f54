//! Any history of faults, against a model of a store: what the contract says holds at every step, and
//! in the end nothing is left.

mod elsewhere;
mod heal;
mod history;
mod jobs;
mod laws;
mod ledger;
mod losses;
mod network;
mod others;
mod server;
mod step;
mod story;
mod stream;
mod world;

use proptest::test_runner::{Config, RngSeed};
use proptest_state_machine::{StateMachineTest, prop_state_machine};

use step::Step;
use story::Story;
use world::World;

impl StateMachineTest for World {
    type SystemUnderTest = Self;
    type Reference = Story;

    fn init_test(story: &Story) -> Self {
        Self::new(story.setup)
    }

    fn apply(mut world: Self, _: &Story, step: Step) -> Self {
        world.apply(step);
        world
    }

    fn check_invariants(world: &Self, _: &Story) {
        laws::hold(world);
    }

    fn teardown(mut world: Self, _: Story) {
        world.heal();
        laws::hold_in_the_end(&world);
    }
}

prop_state_machine! {
    #![proptest_config(config())]

    #[test]
    fn the_contract_holds_through_any_history(sequential 1..80 => World);
}

/// The same histories each time; `PROPTEST_CASES` and `PROPTEST_RNG_SEED` set how many there are, and
/// which.
fn config() -> Config {
    let config = Config::default();
    let rng_seed = match config.rng_seed {
        RngSeed::Random => RngSeed::Fixed(SEED),
        fixed => fixed,
    };
    Config {
        rng_seed,
        failure_persistence: None,
        max_shrink_time: 60_000,
        ..config
    }
}

const SEED: u64 = 20_261_125;
