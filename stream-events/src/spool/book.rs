//! One file of a spool: a [redb](https://docs.rs/redb) database, locked by the process that writes it.

use std::collections::HashSet;
use std::fs::{self, DirEntry, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use redb::backends::FileBackend;
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, Table, TableDefinition};
use uuid::Uuid;

use super::leftover::Leftover;
use super::private;
use super::record::{Name, Record};
use super::trouble::{Trouble, guarded};
use crate::event::{EventType, Timestamp};

/// Closed, and so unlocked, on drop.
#[derive(Debug)]
pub(super) struct Book {
    database: Database,
    pub(super) path: PathBuf,
    /// What this process has written there and not forgotten. A file that could not be written once can
    /// neither be written nor read any more.
    standing: HashSet<Name>,
}

/// Why a file cannot be taken up.
#[derive(Debug)]
pub(super) enum Closed {
    /// The process that writes it is there.
    InUse,
    /// It holds events of another store, and which.
    Foreign(String),
    /// Someone else has taken it up.
    Gone,
    Trouble(Trouble),
}

/// By run and seq: stream, job, event type, microseconds since 1970, whether the run is held, data.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    i64,
    bool,
    &'static [u8],
);
const EVENTS: TableDefinition<'_, (&str, u64), Row> = TableDefinition::new("events");
/// What the events are for: a store that they can be delivered to.
const ABOUT: TableDefinition<'_, &str, &str> = TableDefinition::new("about");
const STORE: &str = "store";

/// What a spool's files end with; and while they are made, which is not for others to see.
const ENDING: &str = "redb";
const UNFINISHED: &str = "new";
/// No file takes so long to make.
const MADE_IN: Duration = Duration::from_secs(60);
/// Memory for pages.
const CACHE: usize = 1024 * 1024;
/// Of what was left, so many bytes are read at a time, and little more.
const PIECE: usize = 256 * 1024;

impl Book {
    /// A new file in the folder, which is made where there is none. Nobody else may read either.
    pub(super) fn create(folder: &Path, store: &str) -> Result<Self, Trouble> {
        private::create_folder(folder).map_err(|why| Trouble::of(&why.into()))?;
        let name = folder.join(Uuid::now_v7().simple().to_string());
        let (unfinished, path) = (name.with_extension(UNFINISHED), name.with_extension(ENDING));
        let made = guarded(|| {
            let file = private::create_file(&unfinished)?;
            let database = Database::builder()
                .set_cache_size(CACHE)
                .create_with_backend(FileBackend::new(file)?)?;
            let transaction = database.begin_write()?;
            transaction.open_table(EVENTS)?;
            transaction.open_table(ABOUT)?.insert(STORE, store)?;
            transaction.commit()?;
            // Only now that it is locked and whole.
            fs::rename(&unfinished, &path)?;
            Ok(database)
        });
        let database = made.inspect_err(|_| {
            let _ = fs::remove_file(&unfinished);
        })?;
        Ok(Self {
            database,
            path,
            standing: HashSet::new(),
        })
    }

    /// The files of a folder that may have been left, oldest first. What leads out of the folder was
    /// left by none of ours; what somebody could not finish making is removed.
    pub(super) fn all(folder: &Path) -> Vec<PathBuf> {
        let Ok(files) = fs::read_dir(folder) else {
            return Vec::new();
        };
        let is_file = |file: &DirEntry| file.file_type().is_ok_and(|kind| kind.is_file());
        let files = files.filter_map(|file| Some(file.ok().filter(is_file)?.path()));
        let (mut left, others): (Vec<_>, Vec<_>) = files.partition(|file| ends_with(file, ENDING));
        let unfinished = others.iter().filter(|file| ends_with(file, UNFINISHED));
        for file in unfinished.filter(|file| is_old(file)) {
            // It is in nobody's way.
            let _ = fs::remove_file(file);
        }
        left.sort();
        left
    }

    /// A file that was left by a process that is gone. One in which nothing stands is no other store's.
    pub(super) fn take_up(path: PathBuf, store: &str) -> Result<Self, Closed> {
        let opened = guarded(|| {
            let file = OpenOptions::new().read(true).write(true).open(&path)?;
            let mut builder = Database::builder();
            // Nobody knows what the disk has made of it since.
            builder
                .set_cache_size(CACHE)
                .set_check_integrity_on_open(true);
            let database = match builder.create_with_backend(FileBackend::new(file)?) {
                Err(DatabaseError::DatabaseAlreadyOpen) => return Ok(Err(Closed::InUse)),
                database => database?,
            };
            let about = database.begin_read()?.open_table(ABOUT)?;
            let its = about.get(STORE)?.map(|about| about.value().to_owned());
            drop(about);
            Ok(match its {
                Some(its) if its != store && !is_bare(&database)? => Err(Closed::Foreign(its)),
                _ => Ok(database),
            })
        });
        let database = opened.map_err(|trouble| match trouble.is_gone {
            true => Closed::Gone,
            false => Closed::Trouble(trouble),
        })??;
        Ok(Self {
            database,
            path,
            standing: HashSet::new(),
        })
    }

    /// On the disk when this returns.
    pub(super) fn keep(&mut self, records: &[Record]) -> Result<(), Trouble> {
        self.write(|events| {
            for record in records {
                let row = (
                    &*record.key,
                    &*record.job,
                    record.event_type.as_str(),
                    record.at.micros(),
                    record.is_held,
                    &*record.data,
                );
                events.insert((&*record.name.run, record.name.seq), row)?;
            }
            Ok(())
        })?;
        let names = records.iter().map(|record| record.name.clone());
        self.standing.extend(names);
        Ok(())
    }

    /// These are done with, also where they cannot be removed.
    pub(super) fn forget(&mut self, names: &[Name]) -> Result<(), Trouble> {
        self.strike(names);
        self.write(|events| {
            for name in names {
                events.remove((&*name.run, name.seq))?;
            }
            Ok(())
        })
    }

    fn write(
        &self,
        change: impl FnOnce(&mut Table<'_, (&str, u64), Row>) -> Result<(), redb::Error>,
    ) -> Result<(), Trouble> {
        guarded(|| {
            let transaction = self.database.begin_write()?;
            change(&mut transaction.open_table(EVENTS)?)?;
            transaction.commit()?;
            Ok(())
        })
    }

    /// The same for a file that cannot be written any more.
    pub(super) fn strike(&mut self, names: &[Name]) {
        for name in names {
            self.standing.remove(name);
        }
    }

    /// Whether all that this process has written there is done with.
    pub(super) fn is_done(&self) -> bool {
        self.standing.is_empty()
    }

    /// The next runs after this one; none where there are no more.
    pub(super) fn leftovers(&self, after: Option<&str>) -> Result<Vec<Leftover>, Trouble> {
        guarded(|| {
            let events = self.database.begin_read()?.open_table(EVENTS)?;
            let (mut runs, mut bytes) = (Vec::<Leftover>::new(), 0);
            for row in events.range((after.unwrap_or(""), u64::MAX)..)? {
                let (name, row) = row?;
                let (run, seq) = name.value();
                let is_new = runs.last().is_none_or(|last| *last.run != *run);
                if is_new && bytes >= PIECE {
                    break;
                }
                if is_new {
                    let (run, records) = (run.into(), Vec::new());
                    runs.push(Leftover { run, records });
                }
                let Some(last) = runs.last_mut() else {
                    continue;
                };
                let run = Arc::clone(&last.run);
                let record = record(Name { run, seq }, row.value());
                bytes += record.size();
                last.records.push(record);
            }
            Ok(runs)
        })
    }

    /// Whether nothing stands in a file that was taken up.
    pub(super) fn is_empty(&self) -> bool {
        // What cannot be told is not thrown away.
        guarded(|| is_bare(&self.database)).unwrap_or(false)
    }

    /// Deletes the file, while it is still locked. Where that fails, it is of no account.
    pub(super) fn delete(self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn is_bare(database: &Database) -> Result<bool, redb::Error> {
    let events = database.begin_read()?.open_table(EVENTS)?;
    Ok(events.first()?.is_none())
}

fn ends_with(file: &Path, ending: &str) -> bool {
    file.extension().is_some_and(|its| its == ending)
}

/// Whether nobody is at work at it any more.
fn is_old(file: &Path) -> bool {
    let changed = file.metadata().and_then(|about| about.modified());
    let age = changed.ok().and_then(|changed| changed.elapsed().ok());
    age.is_some_and(|age| age > MADE_IN)
}

fn record(name: Name, row: <Row as redb::Value>::SelfType<'_>) -> Record {
    let (key, job, event_type, micros, is_held, data) = row;
    Record {
        name,
        key: key.into(),
        job: job.to_owned(),
        at: Timestamp::from_micros(micros),
        event_type: EventType::from(event_type),
        data: data.to_vec(),
        is_held,
    }
}

#[cfg(test)]
mod tests;
