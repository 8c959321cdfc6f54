//! A layer that is there twice does all once.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Nothing that happens comes to the layer in here while another of its kind, around this one, does it
/// all.
#[derive(Debug)]
pub(crate) struct Single<L> {
    layer: L,
    is_spare: AtomicBool,
}

impl<L> Single<L> {
    pub(crate) fn new(layer: L) -> Self {
        Self {
            layer,
            is_spare: AtomicBool::new(false),
        }
    }

    fn at_work(&self) -> Option<&L> {
        (!self.is_spare.load(Relaxed)).then_some(&self.layer)
    }
}

impl<L> Deref for Single<L> {
    type Target = L;

    fn deref(&self) -> &L {
        &self.layer
    }
}

/// The callbacks of our layers.
impl<S: Subscriber, L: Layer<S>> Layer<S> for Single<L> {
    /// It is put around this subscriber: one of its kind in there is spare now.
    fn on_layer(&mut self, subscriber: &mut S) {
        let around: &dyn Subscriber = subscriber;
        if let Some(earlier) = around.downcast_ref::<Self>() {
            earlier.is_spare.store(true, Relaxed);
        }
        self.layer.on_layer(subscriber);
    }

    /// Also of one that is spare: what it knows of where it is, others beside it need.
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        self.layer.on_register_dispatch(dispatch);
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(layer) = self.at_work() {
            layer.on_new_span(attributes, id, context);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(layer) = self.at_work() {
            layer.on_record(id, values, context);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if let Some(layer) = self.at_work() {
            layer.on_event(event, context);
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if let Some(layer) = self.at_work() {
            layer.on_enter(id, context);
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if let Some(layer) = self.at_work() {
            layer.on_exit(id, context);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(layer) = self.at_work() {
            layer.on_close(id, context);
        }
    }
}
