//! Who looks out for starts and ends while the store is away misses none.

use std::sync::Arc;

use shuttle::future::block_on;
use shuttle::thread::spawn;

use super::check;
use super::script::{AMPLE, begin, complete, core, progress};

/// One that is missed is waited for for ever, which is found.
#[test]
fn an_end_that_comes_as_the_lookout_begins_is_seen_once_and_under_its_seq() {
    check(|| {
        let core = core(AMPLE);
        let run = begin(&core, "job").unwrap();
        let job = spawn(move || {
            progress(&run, 1);
            complete(&run);
        });
        let queue = Arc::clone(&core.queue);
        let (mut lanes, mut seqs) = (queue.watch(), Vec::new());
        loop {
            let records = lanes.iter().flat_map(|lane| lane.unspooled());
            seqs.extend(records.map(|record| record.name.seq));
            if seqs.len() >= 2 {
                break;
            }
            block_on(queue.freshened());
            lanes = queue.fresh();
        }
        job.join().unwrap();
        assert_eq!(seqs, [0, 2]);
    });
}
