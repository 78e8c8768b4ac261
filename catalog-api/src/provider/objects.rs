//! The store for uploaded files: a folder, or a bucket of a store with the S3 interface.

use crate::config::Config;
use crate::config::storage::StorageKind;
use crate::error::Fault;
use axum::body::Bytes;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ClientOptions, Error, ObjectStore, ObjectStoreExt, RetryConfig};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// One try of a call; the largest object is a few megabytes.
const CALL_DEADLINE: Duration = Duration::from_secs(8);
/// All tries, within the time a request may take.
const RETRY_DEADLINE: Duration = Duration::from_secs(12);
const TRIES_MAX: usize = 2;

/// The store. It is opened by the first call, so that the service starts while it is away.
pub struct Objects {
    config: Config,
    store: OnceCell<Arc<dyn ObjectStore>>,
}

impl Objects {
    /// The store the settings name.
    pub fn new(config: &Config) -> Self {
        Self { config: config.clone(), store: OnceCell::new() }
    }

    /// Whether files can be kept at all.
    pub fn is_set_up(&self) -> bool {
        self.config.storage.kind == StorageKind::S3 || self.config.storage_folder().is_some()
    }

    /// Keeps an object.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), Fault> {
        self.store().await?.put(&Path::parse(key).map_err(Error::from)?, bytes.into()).await?;
        Ok(())
    }

    /// An object, if it is there.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, Fault> {
        // What is no key of a store names nothing in it.
        let Ok(path) = Path::parse(key) else { return Ok(None) };
        match self.store().await?.get(&path).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes an object away; that it is not there is no error.
    pub async fn delete(&self, key: &str) -> Result<(), Fault> {
        let Ok(path) = Path::parse(key) else { return Ok(()) };
        match self.store().await?.delete(&path).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn store(&self) -> Result<&Arc<dyn ObjectStore>, Fault> {
        self.store.get_or_try_init(|| async { self.open() }).await
    }

    fn open(&self) -> Result<Arc<dyn ObjectStore>, Fault> {
        let storage = &self.config.storage;
        if storage.kind == StorageKind::Local {
            let folder = self.config.storage_folder().ok_or(Fault::Busy("no folder for files is set up"))?;
            std::fs::create_dir_all(&folder)
                .map_err(|error| Error::Generic { store: "folder", source: Box::new(error) })?;
            return Ok(Arc::new(LocalFileSystem::new_with_prefix(folder)?));
        }
        // Whoever was first has chosen the same provider.
        rustls::crypto::ring::default_provider().install_default().ok();
        let mut builder = AmazonS3Builder::new()
            .with_region(&storage.s3_region)
            .with_bucket_name(&storage.s3_bucket)
            .with_access_key_id(&storage.s3_access_key)
            .with_secret_access_key(storage.s3_secret_key.expose())
            // One object at a time; not every store knows the call for many.
            .with_disable_bulk_delete(true)
            .with_client_options(ClientOptions::new().with_timeout(CALL_DEADLINE))
            .with_retry(RetryConfig {
                max_retries: TRIES_MAX,
                retry_timeout: RETRY_DEADLINE,
                ..RetryConfig::default()
            });
        if !storage.s3_endpoint.is_empty() {
            // The settings allow an address without TLS in the dev profile only.
            let plain = storage.s3_endpoint.starts_with("http://");
            builder = builder.with_endpoint(&storage.s3_endpoint).with_allow_http(plain);
        }
        Ok(Arc::new(builder.build()?))
    }
}
