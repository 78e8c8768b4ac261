//! Why work inside a transaction stopped. All of it happens before COMMIT, so all of it did nothing.

use crate::settlement::plan::Poison;
use std::error::Error;

/// Why work stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The database, or the way to it.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// Something that cannot settle, without leave to bury it.
    #[error(transparent)]
    Poison(#[from] Poison),
    /// No random numbers.
    #[error(transparent)]
    Random(#[from] getrandom::Error),
    /// The ledger is not as it has to be.
    #[error("{0}")]
    Broken(&'static str),
}

impl Failure {
    /// As the source of a fault: what it was, so that callers can tell poison from an outage.
    pub(super) fn into_source(self) -> Box<dyn Error + Send + Sync> {
        match self {
            Self::Sql(error) => error.into(),
            Self::Poison(poison) => poison.into(),
            Self::Random(error) => error.into(),
            Self::Broken(why) => why.into(),
        }
    }

    /// Whether the connection is still in step with the server.
    pub(super) fn server_answered(&self) -> bool {
        match self {
            Self::Sql(error) => matches!(
                error,
                sqlx::Error::Database(_) | sqlx::Error::RowNotFound | sqlx::Error::ColumnDecode { .. }
            ),
            Self::Poison(_) | Self::Random(_) | Self::Broken(_) => true,
        }
    }
}
