//! The engine's ports, each over the real embedded store behind a link that fails.

pub mod desk;
pub mod ledger;
pub mod log;

/// One call through a link: what it needs is cloned each time it happens.
macro_rules! through {
    ($self:ident, $weight:ident, $doing:literal, ($($owned:ident),*), |$port:ident| $call:expr) => {{
        let port = $self.port.clone();
        let effect = move || {
            let $port = port.clone();
            $(let $owned = $owned.clone();)*
            async move { $call }
        };
        $self.link.call($crate::link::Weight::$weight, $doing, effect).await
    }};
}
pub(crate) use through;
