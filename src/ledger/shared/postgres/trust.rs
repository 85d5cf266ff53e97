//! Whose certificates are trusted, by libpq's modes.
//!
//! The driver knows no mode that verifies: it encrypts, and what the certificate must be is the business of the connector. Without
//! `sslrootcert`, the system's authorities are trusted.

use crate::ledger::shared::access::Access;
use crate::ledger::shared::store::StoreError;
use crate::service::database_url::{DatabaseUrl, SslMode};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// How a server's certificate is looked at.
#[derive(Clone)]
pub(super) struct Trust(ClientConfig);

impl Trust {
    /// Returns how it is by a mode; none where nothing is encrypted.
    ///
    /// # Errors
    /// Fails if the file with the authorities can't be read.
    pub(super) fn of(url: &DatabaseUrl, mode: SslMode, access: Access) -> Result<Option<Trust>, StoreError> {
        let file = url.sslrootcert.clone().or_else(|| (access.variable)("PGSSLROOTCERT"));
        let file = file.filter(|file| file != "system");
        let looks = match mode {
            SslMode::Disable => return Ok(None),
            SslMode::Prefer => Looks::Nowhere,
            SslMode::Require if file.is_none() => Looks::Nowhere,
            SslMode::Require | SslMode::VerifyCa => Looks::AtAuthority,
            SslMode::VerifyFull => Looks::AtAll,
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let refused = |error: &dyn std::fmt::Display| StoreError::Refused(format!("TLS can't be set up: {error}"));
        let authorities: Option<Arc<dyn ServerCertVerifier>> = match (looks, file) {
            (Looks::Nowhere, _) => None,
            (_, Some(file)) => Some(of_file(&file, provider.clone())?),
            (_, None) => Some(Arc::new(
                rustls_platform_verifier::Verifier::new(provider.clone()).map_err(|error| refused(&error))?,
            )),
        };
        let verifier = Verifier { looks, authorities, provider: provider.clone() };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| refused(&error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Some(Trust(config)))
    }

    pub(super) fn connector(self) -> MakeRustlsConnect {
        MakeRustlsConnect::new(self.0)
    }
}

/// Returns the trust in the authorities of a file.
fn of_file(path: &str, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, StoreError> {
    let refused = |error: &dyn std::fmt::Display| StoreError::Refused(format!("sslrootcert {path}: {error}"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| refused(&error))? {
        let certificate = certificate.map_err(|error| refused(&error))?;
        roots.add(certificate).map_err(|error| refused(&error))?;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    verifier.map(|verifier| verifier as Arc<dyn ServerCertVerifier>).map_err(|error| refused(&error))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    Nowhere,
    AtAuthority,
    AtAll,
}

#[derive(Debug)]
struct Verifier {
    looks: Looks,
    authorities: Option<Arc<dyn ServerCertVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authorities) = &self.authorities else { return Ok(ServerCertVerified::assertion()) };
        match authorities.verify_server_cert(certificate, others, name, ocsp, now) {
            // The name comes last: all else holds.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.looks == Looks::AtAuthority => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
