//! A TLS server's certificate: can it be trusted, and for how long?

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, ProtocolVersion,
    RootCertStore, SignatureScheme, SupportedProtocolVersion,
};
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The trusted authorities: Mozilla's list, and those of `--ca`.
#[derive(Clone)]
pub(crate) struct Authorities(Arc<WebPkiServerVerifier>);

impl Authorities {
    pub(crate) fn new(file: Option<&Path>) -> crate::program::Result<Self> {
        let mut roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        if let Some(path) = file {
            let cannot = |why: &str| format!("--ca {}: {why}", path.display());
            let mut count = 0;
            for certificate in CertificateDer::pem_file_iter(path)
                .map_err(|error| cannot(&format!("cannot read it: {error}")))?
            {
                let certificate = certificate.map_err(|error| cannot(&error.to_string()))?;
                roots.add(certificate).map_err(|error| cannot(&error.to_string()))?;
                count += 1;
            }
            if count == 0 {
                return Err(cannot("it has no PEM certificate").into());
            }
        }
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider);
        Ok(Self(verifier.build()?))
    }
}

/// What a TLS handshake showed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Tls {
    pub(crate) version: String,
    /// Why the certificate is not trusted.
    pub(crate) problem: Option<Problem>,
    /// Whole days until the certificate expires; negative once it has expired.
    pub(crate) days_left: Option<i64>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Problem {
    Expired,
    NotYetValid,
    WrongName,
    UnknownIssuer,
    Other(String),
}

impl Problem {
    fn of(error: &Error) -> Self {
        let Error::InvalidCertificate(error) = error else {
            return Self::Other(error.to_string());
        };
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::WrongName
            }
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::Other(OtherError(error)) => Self::Other(error.to_string()),
            error => Self::Other(format!("{error:?}")),
        }
    }
}

pub(crate) async fn handshake(
    stream: TcpStream,
    host: &str,
    authorities: &Authorities,
    patience: Duration,
    versions: &[&'static SupportedProtocolVersion],
) -> io::Result<(TlsStream<TcpStream>, Tls)> {
    let recorder = Arc::new(Recorder { authorities: authorities.clone(), seen: Mutex::default() });
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(recorder.clone())
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let shaking = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let silent = || io::Error::other("the server does not answer the handshake");
    let stream = timeout(patience, shaking).await.map_err(|_| silent())??;
    let seen = recorder.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (problem, days_left) = seen.unwrap_or_default();
    let version = match stream.get_ref().1.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3".into(),
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2".into(),
        other => format!("{other:?}"),
    };
    Ok((stream, Tls { version, problem, days_left }))
}

/// Records the verdict on the certificate and continues in any case, to find what else is wrong
/// with the server. Continuing reveals no password, because TURN never sends one.
#[derive(Debug)]
struct Recorder {
    authorities: Authorities,
    seen: Mutex<Option<(Option<Problem>, Option<i64>)>>,
}

impl std::fmt::Debug for Authorities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authorities")
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.authorities.0.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        let problem = verified.err().as_ref().map(Problem::of);
        let seen = Some((problem, days_left(end_entity, now)));
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let provider: CryptoProvider = ring::default_provider();
        provider.signature_verification_algorithms.supported_schemes()
    }
}

fn days_left(certificate: &CertificateDer<'_>, now: UnixTime) -> Option<i64> {
    const DAY: i64 = 86_400;

    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let now = i64::try_from(now.as_secs()).ok()?;
    Some((certificate.validity().not_after.timestamp() - now).div_euclid(DAY))
}
