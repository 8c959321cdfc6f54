//! What may happen, in any order: what jobs emit, what the worker does, what breaks.

use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

use super::step::{Confirmation, Fate, Foreign, Step, What};
use crate::store::Class;

/// What the publisher was asked, from which follows what can be asked next.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) setup: Setup,
    /// Whether each run has ended.
    pub(super) runs: Vec<bool>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Setup {
    pub(super) max_len: u64,
    pub(super) replay_bytes: usize,
    pub(super) queue_bytes: usize,
    pub(super) has_timeout: bool,
    pub(super) is_durable: bool,
    pub(super) tells_epoch: bool,
    /// The store takes no transactions, today or ever.
    pub(super) denies_transactions: bool,
    /// The store is many servers, each of which may be away by itself.
    pub(super) is_parted: bool,
}

const JOBS: usize = 3;
const MOST_RUNS: usize = 6;

impl ReferenceStateMachine for Story {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        let lengths = prop_oneof![3 => Just(10_000), 1 => 1_u64..8];
        let replays = prop_oneof![4 => Just(1 << 20), 1 => Just(0), 1 => Just(3000_usize)];
        let rooms = prop_oneof![3 => Just(1 << 20), 1 => Just(16 * 1024_usize)];
        let rarely = || prop::bool::weighted(0.3);
        let setup = (
            lengths,
            replays,
            rooms,
            rarely(),
            rarely(),
            prop::bool::weighted(0.9),
            rarely(),
            rarely(),
        );
        setup
            .prop_map(
                |(
                    max_len,
                    replay_bytes,
                    queue_bytes,
                    has_timeout,
                    is_durable,
                    tells_epoch,
                    denies_transactions,
                    is_parted,
                )| Self {
                    setup: Setup {
                        max_len,
                        replay_bytes,
                        // What is given its time by the real clock cannot show, where there is no room
                        // beside it, that the store takes others.
                        queue_bytes: if has_timeout { 1 << 20 } else { queue_bytes },
                        has_timeout,
                        is_durable,
                        tells_epoch,
                        denies_transactions,
                        is_parted,
                    },
                    runs: Vec::new(),
                },
            )
            .boxed()
    }

    fn transitions(state: &Self) -> BoxedStrategy<Step> {
        let begin = (0..JOBS).prop_map(|job| Step::Begin { job });
        let others = prop_oneof![
            8 => worker(),
            4 => network(),
            3 => server(),
        ];
        if state.runs.is_empty() {
            return prop_oneof![2 => begin, 1 => others].boxed();
        }
        let runs = state.runs.len();
        let emit = (0..runs, what(), 1..4_u8).prop_map(|(run, what, times)| Step::Emit {
            run,
            what,
            times,
        });
        let end = (0..runs).prop_map(|run| Step::End { run });
        prop_oneof![1 => begin, 5 => emit, 1 => end, 14 => others].boxed()
    }

    fn preconditions(state: &Self, step: &Step) -> bool {
        match step {
            Step::Begin { .. } => state.runs.len() < MOST_RUNS,
            Step::Emit { run, .. } | Step::End { run } => *run < state.runs.len(),
            _ => true,
        }
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        match step {
            Step::Begin { .. } => state.runs.push(false),
            Step::End { run } => state.runs[*run] = true,
            _ => {}
        }
        state
    }
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        8 => (0..2_u64).prop_map(|phase| What::Progress { phase }),
        8 => Just(What::Row),
        2 => Just(What::Big),
        1 => Just(What::Breaks),
        1 => Just(What::Mutes),
        1 => Just(What::Odd),
    ]
}

fn worker() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Work),
        4 => Just(Step::Take),
        4 => (1..4_u8).prop_map(|commands| Step::Send { commands }),
        4 => (1..4_u8).prop_map(|requests| Step::Answer { requests }),
        4 => Just(Step::Connect),
        2 => confirmation().prop_map(Step::Confirm),
        4 => times().prop_map(|ms| Step::Wait { ms }),
        1 => Just(Step::Expire),
    ]
}

fn times() -> impl Strategy<Value = u64> {
    prop::sample::select(vec![1, 60, 400, 6000, 70_000, 70_000])
}

fn confirmation() -> impl Strategy<Value = Confirmation> {
    prop_oneof![
        Just(Confirmation::Durable),
        Just(Confirmation::NotYet),
        Just(Confirmation::Later),
        Just(Confirmation::Never),
        Just(Confirmation::Lost),
    ]
}

fn network() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..4_u8).prop_map(|requests| Step::Serve { requests }),
        2 => (0..4_usize, 0..3_usize).prop_map(|(served, entries)| Step::Cut { served, entries }),
        3 => (0..5_usize, 0..3_usize).prop_map(|(served, entries)| Step::Stall { served, entries }),
        3 => (0..3_usize).prop_map(|connection| Step::ArriveLate { connection }),
        4 => (1..6_u8, fates()).prop_map(|(requests, fate)| Step::Miss { requests, fate }),
    ]
}

fn fates() -> impl Strategy<Value = Fate> {
    prop::sample::select(vec![Fate::Taken, Fate::Late, Fate::Lost])
}

fn server() -> impl Strategy<Value = Step> {
    let classes = || prop::sample::select(vec![Class::Later, Class::Denied, Class::Odd]);
    let masks = prop_oneof![2 => Just(u8::MAX), 1 => any::<u8>()];
    prop_oneof![
        4 => (0..8_usize).prop_map(|writes| Step::GoBack { writes }),
        2 => Just(Step::Move),
        3 => (1..9_u8).prop_map(|requests| Step::Stray { requests }),
        4 => (0..JOBS).prop_flat_map(|job| prop_oneof![
            1 => Just(Step::Delete { job }),
            1 => Just(Step::Mistype { job }),
            2 => Just(Step::Shun { job }),
        ]),
        4 => (classes(), times()).prop_map(|(class, ms)| Step::Suffer { class, ms }),
        2 => (classes(), masks).prop_map(|(class, mask)| Step::Refuse { class, mask }),
        2 => Just(Step::DenyTransactions),
        4 => Just(Step::Mend),
        2 => (0..JOBS, foreign()).prop_map(|(job, id)| Step::Write { job, id }),
        2 => (0..JOBS, 0..4_000_000_u64).prop_map(|(job, ms)| Step::Fence { job, ms }),
        2 => (0..JOBS, 1..8_u32).prop_map(|(job, times)| Step::Rival { job, times }),
        1 => (-3_600_000..3_600_000_i64).prop_map(|ms| Step::Jump { ms }),
    ]
}

fn foreign() -> impl Strategy<Value = Foreign> {
    prop_oneof![
        12 => Just(Foreign::Chosen),
        12 => (0..4_000_000_u64).prop_map(|ms| Foreign::Ahead { ms }),
        1 => Just(Foreign::Last),
    ]
}
