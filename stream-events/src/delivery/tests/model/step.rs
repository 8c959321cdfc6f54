//! One thing that happens.

use crate::store::Class;

#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Begin {
        job: usize,
    },
    Emit {
        run: usize,
        what: What,
        times: u8,
    },
    End {
        run: usize,
    },

    /// The worker does all that it can do now.
    Work,
    Take,
    Send {
        commands: u8,
    },
    Answer {
        requests: u8,
    },
    Connect,
    Confirm(Confirmation),
    Wait {
        ms: u64,
    },
    Expire,

    Serve {
        requests: u8,
    },
    Cut {
        served: usize,
        entries: usize,
    },
    /// All that can be sent is, and then the connection is given up.
    Stall {
        served: usize,
        entries: usize,
    },
    ArriveLate {
        connection: usize,
    },
    /// The servers that have the next requests' streams are away, where there are many.
    Miss {
        requests: u8,
        fate: Fate,
    },

    GoBack {
        writes: usize,
    },
    /// The name leads to another server, or back to the one before.
    Move,
    /// It does for so many requests, and is back.
    Stray {
        requests: u8,
    },
    Delete {
        job: usize,
    },
    Mistype {
        job: usize,
    },
    /// Refuses all that is for this stream, in words that nobody knows.
    Shun {
        job: usize,
    },
    Refuse {
        class: Class,
        mask: u8,
    },
    /// For so long it takes nothing, whatever the worker tries, and then it is well again.
    Suffer {
        class: Class,
        ms: u64,
    },
    DenyTransactions,
    Mend,
    Write {
        job: usize,
        id: Foreign,
    },
    /// Another sets the last id of a stream, as before it declares a run lost.
    Fence {
        job: usize,
        ms: u64,
    },
    /// So many times another writer comes just before an append.
    Rival {
        job: usize,
        times: u32,
    },
    /// The publisher's clock jumps.
    Jump {
        ms: i64,
    },
}

#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    Progress {
        phase: u64,
    },
    Row,
    Big,
    /// Breaks each connection.
    Breaks,
    /// Is taken, and breaks each connection all the same.
    Mutes,
    /// Is refused whenever it comes.
    Odd,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Confirmation {
    Durable,
    NotYet,
    Later,
    Never,
    Lost,
}

/// What becomes of a request whose answer nobody gets.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    Taken,
    Late,
    Lost,
}

/// Under which id another writes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Foreign {
    Chosen,
    Ahead { ms: u64 },
    Last,
}
