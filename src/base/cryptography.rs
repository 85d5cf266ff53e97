//! The TLS provider: ring, installed for the whole process before its first connection.

/// Installs the provider; harmless if one is already installed.
pub(crate) fn choose() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
