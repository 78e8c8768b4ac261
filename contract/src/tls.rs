//! TLS at the public listener of either service, for an installation without a proxy that ends it.
//!
//! Deliberately absent: reading a certificate again while the process runs. A renewed one wants a restart,
//! which drops nobody.

use std::io;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

pub use tokio_rustls::server::TlsStream;

/// Answers handshakes with one certificate; TLS 1.2 and 1.3.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

/// Why there is no TLS, named by the setting.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoTls {
    /// One of the two files is not named.
    #[error("http.tls_certificate and http.tls_key go together")]
    Half,
    /// The first file.
    #[error("http.tls_certificate: {0}")]
    Certificate(String),
    /// The second one, or both in their relation.
    #[error("http.tls_key: {0}")]
    Key(String),
}

impl Tls {
    /// Reads a chain of certificates and its key, both PEM; nothing where neither is named.
    pub fn read(certificate: &str, key: &str) -> Result<Option<Self>, NoTls> {
        match (certificate.is_empty(), key.is_empty()) {
            (true, true) => return Ok(None),
            (false, false) => {}
            _ => return Err(NoTls::Half),
        }
        let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(certificate)
            .map_err(|error| NoTls::Certificate(error.to_string()))?
            .collect();
        let chain = chain.map_err(|error| NoTls::Certificate(error.to_string()))?;
        if chain.is_empty() {
            return Err(NoTls::Certificate("no certificate stands in the file".to_owned()));
        }
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| NoTls::Key(error.to_string()))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has what these versions need")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| NoTls::Key(error.to_string()))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Some(Self(TlsAcceptor::from(Arc::new(config)))))
    }

    /// Shakes hands; how long a client may take for it is the caller's business.
    pub async fn accept<S>(&self, stream: S) -> io::Result<TlsStream<S>>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        self.0.accept(stream).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        assert!(Tls::read("", "").unwrap().is_none());
        assert!(matches!(Tls::read("/c.pem", ""), Err(NoTls::Half)));
        let Err(missing) = Tls::read("/nonexistent/c.pem", "/nonexistent/k.pem") else {
            panic!("there is none")
        };
        assert!(missing.to_string().starts_with("http.tls_certificate: "), "{missing}");
    }
}
