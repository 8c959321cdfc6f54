//! Pages of jobs, walked.
#![allow(dead_code)]

use stream_events::{Job, JobPage, Publisher, Query, Reader};

use crate::rows::flushed;

pub(crate) fn ids(page: &JobPage) -> Vec<&str> {
    page.jobs.iter().map(|job| &*job.job_id).collect()
}

pub(crate) fn query(text: &str) -> Query {
    text.parse().unwrap()
}

/// All pages of so many jobs, with what is done between two of them.
pub(crate) async fn walked(
    reader: &Reader,
    asked: &str,
    limit: usize,
    mut between: impl AsyncFnMut(usize),
) -> Vec<String> {
    let (mut walked, mut cursor, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let jobs = reader.jobs(query(asked)).limit(limit);
        let jobs = match &cursor {
            Some(cursor) => jobs.after(cursor).unwrap(),
            None => jobs,
        };
        let page = jobs.page().await.unwrap();
        assert!(page.jobs.len() <= limit);
        walked.extend(ids(&page).into_iter().map(str::to_owned));
        pages += 1;
        assert!(pages < 1000, "it comes to no end");
        cursor = page.next;
        if cursor.is_none() {
            return walked;
        }
        between(pages).await;
    }
}

pub(crate) async fn nothing(_: usize) {}

/// One after the other, so that the order is certain.
pub(crate) async fn begun(publisher: &Publisher, job: &str) -> Job {
    let job = publisher.job(job, "t").unwrap();
    flushed(publisher).await;
    job
}

pub(crate) fn expected(names: impl IntoIterator<Item = usize>) -> Vec<String> {
    names.into_iter().map(|n| format!("job_{n:03}")).collect()
}
