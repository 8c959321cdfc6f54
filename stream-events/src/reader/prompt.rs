//! What is asked and answered at once, on a connection that is shared.

use std::sync::{Arc, MutexGuard, PoisonError};

use super::Reader;
use crate::Error;
use crate::store::{BoxFuture, Class, Connection, Fault, Purpose};

impl Reader {
    /// Asks what is answered at once; a second time where the connection turns out to be of no use
    /// any more.
    pub(super) async fn ask<T>(
        &self,
        ask: impl Fn(&dyn Connection) -> BoxFuture<'static, Result<T, Fault>>,
    ) -> Result<T, Error> {
        let refused = |fault| self.refused(fault);
        let connection = self.prompt(None).await.map_err(refused)?;
        match ask(&*connection).await {
            Err(fault) if fault.class.is_of_the_way() => {
                self.ask_beside(&connection, &fault, ask).await
            }
            answer => answer.map_err(refused),
        }
    }

    /// The same, where this connection was of no use for that reason: by another, once.
    pub(super) async fn ask_beside<T>(
        &self,
        broken: &Arc<dyn Connection>,
        fault: &Fault,
        ask: impl Fn(&dyn Connection) -> BoxFuture<'static, Result<T, Fault>>,
    ) -> Result<T, Error> {
        let refused = |fault| self.refused(fault);
        let connection = self.another(broken, fault).await.map_err(refused)?;
        ask(&*connection).await.map_err(refused)
    }

    pub(super) fn refused(&self, fault: Fault) -> Error {
        fault.into_error(&*self.store, "the read")
    }

    /// Another than this one, which was of no use for that reason. Where a part of the store is away it is good
    /// for all others, who go on with it, and finds that part again by itself.
    pub(super) async fn another(
        &self,
        broken: &Arc<dyn Connection>,
        fault: &Fault,
    ) -> Result<Arc<dyn Connection>, Fault> {
        match fault.class {
            Class::Away => Ok(self.store.connect(Purpose::Prompt).await?.into()),
            _ => self.prompt(Some(broken)).await,
        }
    }

    /// The shared connection, but not this one, which is broken. Several may open one at a time: that
    /// none waits for another's is worth more than the connection.
    pub(super) async fn prompt(
        &self,
        broken: Option<&Arc<dyn Connection>>,
    ) -> Result<Arc<dyn Connection>, Fault> {
        let is_broken =
            |shared: &Arc<dyn Connection>| broken.is_some_and(|broken| Arc::ptr_eq(shared, broken));
        if let Some(connection) = self.shared().as_ref().filter(|shared| !is_broken(shared)) {
            return Ok(Arc::clone(connection));
        }
        let connection: Arc<dyn Connection> = self.store.connect(Purpose::Prompt).await?.into();
        *self.shared() = Some(Arc::clone(&connection));
        Ok(connection)
    }

    pub(super) fn shared(&self) -> MutexGuard<'_, Option<Arc<dyn Connection>>> {
        self.prompt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
