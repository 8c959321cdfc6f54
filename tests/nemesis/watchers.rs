//! Readers at work while everything goes wrong: some follow jobs, some declare runs lost.

use std::collections::HashMap;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use stream_events::{EventId, Reader, Watch};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::evidence::{Seen, View};

/// Begins to watch a job.
type Begin = Arc<dyn Fn(&str) -> Watch + Send + Sync>;

/// Readers in a thread of their own.
pub(crate) struct Watchers {
    jobs: UnboundedSender<String>,
    /// Once all is over: the last id of each stream.
    last: watch::Sender<Option<HashMap<String, EventId>>>,
    views: mpsc::Receiver<Vec<View>>,
    thread: JoinHandle<()>,
    reapers: (oneshot::Sender<()>, JoinHandle<()>),
}

/// How long a lease has to stand still: less than an outage lasts, so that also runs are declared lost
/// that live.
const GRACE: Duration = Duration::from_millis(500);
/// How long a reader may take to come to the end once all is well.
const IN_TIME: Duration = Duration::from_secs(30);
/// How soon a client comes back to a job that has ended; later each time, as there are more and more.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

impl Watchers {
    /// Jobs are followed by way of a proxy; runs are declared lost by two reapers at once.
    pub(crate) fn start(server: &str, url: &str) -> Self {
        Self::of(server, vec![alone(Reader::connect(url).unwrap())])
    }

    /// The same, where each job is followed twice: on a connection of its own, and on one with all others.
    pub(crate) fn start_twice(url: &str) -> Self {
        let reader = Reader::connect(url).unwrap();
        let hub = reader.hub();
        let together: Begin = Arc::new(move |job| hub.watch(job).unwrap());
        Self::of(url, vec![alone(reader), together])
    }

    fn of(server: &str, ways: Vec<Begin>) -> Self {
        let (jobs, asked) = unbounded_channel();
        let (last, ends) = watch::channel(None);
        let (tell, views) = mpsc::channel();
        let run = move || {
            let views = runtime().block_on(follow_all(ways, asked, ends));
            tell.send(views).unwrap();
        };
        Self {
            jobs,
            last,
            views,
            thread: std::thread::spawn(run),
            reapers: reap(server.to_owned()),
        }
    }

    /// By which jobs are named that are to be followed.
    pub(crate) fn jobs(&self) -> UnboundedSender<String> {
        self.jobs.clone()
    }

    /// What each has seen, once it has come to the end of its stream.
    pub(crate) fn finish(self, last: HashMap<String, EventId>) -> Vec<View> {
        drop(self.jobs);
        self.last.send_replace(Some(last));
        let views = self.views.recv().unwrap();
        self.thread.join().unwrap();
        let (stop, reapers) = self.reapers;
        stop.send(()).unwrap();
        reapers.join().unwrap();
        views
    }
}

/// In a thread of their own: those who follow have much to do.
fn reap(url: String) -> (oneshot::Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = oneshot::channel();
    let reader = Reader::connect(url).unwrap().with_grace(GRACE);
    let run = move || {
        runtime().block_on(async {
            tokio::select! {
                () = reader.reaper().run() => {}
                () = reader.reaper().run() => {}
                _ = stopped => {}
            }
        });
    };
    (stop, std::thread::spawn(run))
}

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

fn alone(reader: Reader) -> Begin {
    Arc::new(move |job| reader.watch(job).unwrap())
}

async fn follow_all(
    ways: Vec<Begin>,
    mut asked: UnboundedReceiver<String>,
    ends: watch::Receiver<Option<HashMap<String, EventId>>>,
) -> Vec<View> {
    let mut views = JoinSet::new();
    while let Some(job) = asked.recv().await {
        for begin in &ways {
            views.spawn(follow(Arc::clone(begin), job.clone(), ends.clone()));
        }
    }
    views.join_all().await
}

/// As a client does that comes back with the last id that it has: also where a watch has ended,
/// since a run that was declared lost may go on.
async fn follow(
    begin: Begin,
    job: String,
    mut ends: watch::Receiver<Option<HashMap<String, EventId>>>,
) -> View {
    let (mut seen, mut last) = (Vec::new(), EventId::ZERO);
    let (mut until, mut pause) = (None, SHORTEST_PAUSE);
    let is_whole = loop {
        let mut watch = begin(&job).after(last);
        let is_over = loop {
            if let Some(last_ids) = &*ends.borrow_and_update() {
                until.get_or_insert_with(|| Instant::now() + IN_TIME);
                let end = last_ids.get(&job);
                if end.is_none_or(|end| *end <= last) {
                    break Some(true);
                }
            }
            if until.is_some_and(|until| Instant::now() > until) {
                break Some(false);
            }
            let item = tokio::select! {
                item = watch.next() => item,
                _ = ends.changed() => continue,
                () = tokio::time::sleep(IN_TIME) => continue,
            };
            // What is refused is asked for again.
            let Some(Ok(item)) = item else { break None };
            let item = Seen::from(item);
            if let Seen::Event(event) = &item {
                last = event.id;
            }
            seen.push(item);
        };
        match is_over {
            Some(is_whole) => break is_whole,
            None => {
                seen.push(Seen::Again);
                // Whoever waits is told when all is over.
                let _ = tokio::time::timeout(pause, ends.changed()).await;
                pause = LONGEST_PAUSE.min(2 * pause);
            }
        }
    };
    View {
        job,
        seen,
        is_whole,
    }
}

/// What a reader sees who comes when all is over.
pub(crate) async fn look_back(reader: Reader, job: String, end: Option<EventId>) -> View {
    let end = end.map(|end| (job.clone(), end));
    let (_ask, ends) = watch::channel(Some(end.into_iter().collect()));
    follow(alone(reader), job, ends).await
}
