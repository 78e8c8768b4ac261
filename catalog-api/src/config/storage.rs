//! Settings of the store for uploaded files.

use super::{Config, Secret};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The store for uploaded files.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Storage {
    pub kind: StorageKind,
    pub folder: String,
    pub public_url: String,
    pub uploads_per_hour_max: u32,
    pub s3_endpoint: String,
    pub s3_region: String,
    pub s3_bucket: String,
    pub s3_access_key: String,
    pub s3_secret_key: Secret,
}

/// Where files are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StorageKind {
    /// A folder.
    Local,
    /// A bucket of a store with the S3 interface.
    S3,
}

impl Config {
    /// The folder for files; nothing when none is set up.
    pub fn storage_folder(&self) -> Option<PathBuf> {
        match self.storage.folder.as_str() {
            "" if self.is_dev() => Some(std::env::temp_dir().join("mall-uploads")),
            "" => None,
            folder => Some(folder.into()),
        }
    }

    /// What the address of a file begins with.
    pub fn storage_url(&self) -> String {
        match self.storage.public_url.as_str() {
            "" => format!("http://{}/wx/storage/fetch/", self.http.listen),
            url => url.to_owned(),
        }
    }
}

/// Says what is wrong with them.
pub fn check(config: &Config) -> Result<(), String> {
    let storage = &config.storage;
    let url = storage.public_url.as_str();
    let is_address = url.starts_with("https://") || url.starts_with("http://");
    let fits = is_address && url.ends_with('/') && url.len() <= 150;
    if !url.is_empty() && !fits {
        return Err("storage.public_url must be an address that ends with /".into());
    }
    if !(1..=1_000_000).contains(&storage.uploads_per_hour_max) {
        return Err("storage.uploads_per_hour_max is out of range".into());
    }
    if storage.kind == StorageKind::S3 {
        for (key, value) in [
            ("storage.s3_region", storage.s3_region.as_str()),
            ("storage.s3_bucket", &storage.s3_bucket),
            ("storage.s3_access_key", &storage.s3_access_key),
            ("storage.s3_secret_key", storage.s3_secret_key.expose()),
        ] {
            if value.is_empty() {
                return Err(format!("{key} is needed where storage.kind is s3"));
            }
        }
        if storage.s3_endpoint.starts_with("http://") && !config.is_dev() {
            return Err("storage.s3_endpoint: an address without TLS is for the dev profile only".into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::load::DEFAULTS;
    use super::*;
    use figment::Figment;
    use figment::providers::{Format, Toml};

    fn with(overlay: &str) -> Config {
        Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(overlay)).extract().unwrap()
    }

    #[test]
    fn a_store_that_cannot_be_meant_refuses_and_is_named() {
        assert_eq!(check(&with("")), Ok(()));
        for (overlay, key) in [
            ("storage.public_url = 'files/'", "storage.public_url"),
            ("storage.public_url = 'https://files.example'", "storage.public_url"),
            ("storage.uploads_per_hour_max = 0", "storage.uploads_per_hour_max"),
            ("storage.kind = 's3'\nstorage.s3_region = 'x'", "storage.s3_bucket"),
        ] {
            let problem = check(&with(overlay)).unwrap_err();
            assert!(problem.contains(key), "{problem} should name {key}");
        }
    }

    #[test]
    fn addresses_and_folders_have_defaults_in_dev() {
        let config = with("");
        assert_eq!(config.storage_url(), "http://127.0.0.1:8080/wx/storage/fetch/");
        assert!(config.storage_folder().is_some());
        assert_eq!(with("profile = 'production'").storage_folder(), None);
    }
}
