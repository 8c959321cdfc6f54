//! What is asked and answered at once, on a connection that is shared.

use std::sync::{Arc, MutexGuard, PoisonError};

use super::Reader;
use crate::Error;
use crate::store::{BoxFuture, Connection, Fault, Purpose};

impl Reader {
    /// Asks what is answered at once; a second time where the connection turns out to be of no use
    /// any more.
    pub(super) async fn ask<T>(
        &self,
        ask: impl Fn(&dyn Connection) -> BoxFuture<'static, Result<T, Fault>>,
    ) -> Result<T, Error> {
        self.ask_beside(None, ask).await
    }

    /// The same, where this connection is known to be of no use: by another, once.
    pub(super) async fn ask_beside<T>(
        &self,
        mut broken: Option<Arc<dyn Connection>>,
        ask: impl Fn(&dyn Connection) -> BoxFuture<'static, Result<T, Fault>>,
    ) -> Result<T, Error> {
        let answer = loop {
            let connection = match self.prompt(broken.as_ref()).await {
                Ok(connection) => connection,
                Err(fault) => break Err(fault),
            };
            match ask(&*connection).await {
                Err(fault) if fault.class.is_of_the_way() && broken.is_none() => {
                    broken = Some(connection);
                }
                answer => break answer,
            }
        };
        answer.map_err(|fault| self.refused(fault))
    }

    pub(super) fn refused(&self, fault: Fault) -> Error {
        fault.into_error(&*self.store, "the read")
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
