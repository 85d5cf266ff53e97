//! The cryptography of TLS: ring's, chosen for the whole process before its first connection.

/// Chooses it; harmless where it was chosen before.
pub(super) fn choose_cryptography() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
