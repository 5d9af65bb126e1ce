//! The connection to Redis, with a limit on what it reads. It is opened when it is needed, and again
//! after it breaks.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, select_ok};
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Cmd, ConnectionAddr, FromRedisValue, IntoConnectionInfo,
    RedisConnectionInfo, RedisError, RedisResult, ServerErrorKind,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time;
use tokio_rustls::TlsConnector;
use tracing::warn;

use super::Options;
use crate::input;
use crate::program;

const PATIENCE: Duration = Duration::from_secs(2);

pub(super) struct Redis {
    server: Arc<Server>,
    connecting: Mutex<Connecting>,
}

/// Everyone waits for the same attempt, and gets the same connection or error.
type Connecting = Shared<BoxFuture<'static, RedisResult<(MultiplexedConnection, AbortHandle)>>>;

impl Redis {
    /// Opens no connection: Redis may start after the broker.
    pub(super) fn new(url: &str, options: &Options) -> program::Result<Self> {
        let server = Arc::new(Server::new(url, options)?);
        Ok(Self { connecting: Mutex::new(connect(&server)), server })
    }

    pub(super) fn address(&self) -> String {
        format!("{}:{}", self.server.host, self.server.port)
    }

    pub(super) async fn ask<T>(&self, command: Cmd) -> RedisResult<T>
    where
        T: FromRedisValue + Send + 'static,
    {
        let connection = self.connection();
        let answer = async move {
            let (mut connection, driver) = connection.await?;
            let answer = within(PATIENCE, command.query_async(&mut connection)).await;
            // A late answer may be endless, and a server that has become a replica refuses to write.
            if answer.as_ref().is_err_and(|error| error.is_timeout() || is_replicas(error)) {
                driver.abort();
            }
            answer
        };
        ToTheEnd(Some(answer.boxed())).await
    }

    fn connection(&self) -> Connecting {
        let mut connecting = self.connecting.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |(_, driver): &(_, AbortHandle)| driver.is_finished();
        if connecting.peek().is_some_and(|result| result.as_ref().map_or(true, is_over)) {
            *connecting = connect(&self.server);
        }
        connecting.clone()
    }
}

fn connect(server: &Arc<Server>) -> Connecting {
    let server = Arc::clone(server);
    async move { within(PATIENCE, server.connect()).await }.boxed().shared()
}

async fn within<T>(time: Duration, result: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    let late = |_| Err(io::Error::from(ErrorKind::TimedOut).into());
    time::timeout(time, result).await.unwrap_or_else(late)
}

/// Continues in a task if it is dropped. A client that hangs up must not end the wait for its answer:
/// the answer would no longer count towards `AT_ONCE`, and nobody would notice that it is late.
struct ToTheEnd<T: Send + 'static>(Option<BoxFuture<'static, T>>);

impl<T: Send + 'static> Future for ToTheEnd<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(future) = &mut self.0 else { return Poll::Pending };
        let output = ready!(future.poll_unpin(context));
        self.0 = None;
        Poll::Ready(output)
    }
}

impl<T: Send + 'static> Drop for ToTheEnd<T> {
    fn drop(&mut self) {
        if let (Some(future), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(future);
        }
    }
}

fn is_replicas(error: &RedisError) -> bool {
    error.kind() == redis::ErrorKind::Server(ServerErrorKind::ReadOnly)
}

struct Server {
    host: String,
    port: u16,
    settings: RedisConnectionInfo,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Server {
    fn new(url: &str, options: &Options) -> program::Result<Self> {
        const WRONG: &str = "--token-store: the address of Redis is not redis://host:port/database";

        let encrypted = url.strip_prefix("rediss://");
        let Some(rest) = encrypted.or(url.strip_prefix("redis://")) else {
            return Err(
                "--token-store: must be stateless, memory, redis://host or rediss://host".into()
            );
        };
        let authority = options.redis_ca_file.as_deref();
        if encrypted.is_none() && authority.is_some() {
            return Err("--redis-ca-file needs --token-store rediss://host".into());
        }
        // The crate's option `#insecure`, for TLS without verification.
        if rest.contains('#') {
            return Err(WRONG.into());
        }
        let info = format!("redis://{rest}").into_connection_info().map_err(|_| WRONG)?;
        let &ConnectionAddr::Tcp(ref host, port) = info.addr() else { return Err(WRONG.into()) };
        let mut settings = info.redis_settings().clone();
        if let Some(path) = &options.redis_password_file {
            settings = settings.set_password(input::secret_text(path)?.as_str());
        }
        let tls = if encrypted.is_some() {
            let name = ServerName::try_from(host.clone()).map_err(|_| WRONG)?;
            Some((TlsConnector::from(Arc::new(tls(authority)?)), name))
        } else {
            None
        };
        Ok(Self { host: host.clone(), port, settings, tls })
    }

    async fn connect(&self) -> RedisResult<(MultiplexedConnection, AbortHandle)> {
        let addresses = lookup_host((self.host.as_str(), self.port)).await?;
        let streams: Vec<_> =
            addresses.map(|address| Box::pin(TcpStream::connect(address))).collect();
        if streams.is_empty() {
            return Err(io::Error::from(ErrorKind::AddrNotAvailable).into());
        }
        let (stream, _) = select_ok(streams).await?;
        stream.set_nodelay(true)?;
        let stream = Limited { stream, left: MOST };
        match &self.tls {
            None => self.greet(stream).await,
            Some((tls, name)) => self.greet(tls.connect(name.clone(), stream).await?).await,
        }
    }

    async fn greet<Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        &self,
        stream: Stream,
    ) -> RedisResult<(MultiplexedConnection, AbortHandle)> {
        let config =
            AsyncConnectionConfig::new().set_response_timeout(None).set_concurrency_limit(AT_ONCE);
        let (connection, driver) =
            MultiplexedConnection::new_with_config(&self.settings, stream, config).await?;
        Ok((connection, tokio::spawn(driver).abort_handle()))
    }
}

fn tls(authority: Option<&Path>) -> program::Result<ClientConfig> {
    const NO_CERTIFICATE: &str = "--redis-ca-file: not a certificate in PEM";

    let mut roots = RootCertStore::empty();
    if let Some(path) = authority {
        let pem = fs::read(path)
            .map_err(|error| format!("--redis-ca-file {}: {error}", path.display()))?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let added = certificate.is_ok_and(|certificate| roots.add(certificate).is_ok());
            if !added {
                return Err(NO_CERTIFICATE.into());
            }
        }
        if roots.is_empty() {
            return Err(NO_CERTIFICATE.into());
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    // Without a default provider, rustls panics when it must choose between two.
    _ = rustls::crypto::ring::default_provider().install_default();
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

/// The most commands that may wait for an answer at the same time.
const AT_ONCE: usize = 256;

/// The longest answer, in bytes. A stored name has 16 bytes; Redis's longest errors have about 350.
const LONGEST_ANSWER: usize = 1024;

/// How many bytes each byte of a command may bring. `PING` has 14 bytes, and every other command more.
const ANSWER_PER_BYTE: usize = 32;

const MOST: usize = AT_ONCE * LONGEST_ANSWER;

/// A stream that fails when more bytes arrive than the commands asked for.
///
/// `left` is always enough for the answers that are still to come: each command adds what its answer
/// needs, and the answers to `AT_ONCE` commands need at most `MOST`.
struct Limited<Stream> {
    stream: Stream,
    left: usize,
}

impl<Stream: AsyncRead + Unpin> AsyncRead for Limited<Stream> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let Some(left) = self.left.checked_sub(buffer.filled().len() - before) else {
            warn!("the token store sends more than it was asked for");
            buffer.set_filled(before);
            return Poll::Ready(Err(ErrorKind::ConnectionAborted.into()));
        };
        self.left = left;
        Poll::Ready(Ok(()))
    }
}

impl<Stream: AsyncWrite + Unpin> AsyncWrite for Limited<Stream> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.left = MOST.min(self.left.saturating_add(written.saturating_mul(ANSWER_PER_BYTE)));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    fn limited() -> (Limited<impl AsyncRead + AsyncWrite + Unpin>, impl AsyncRead + AsyncWrite) {
        let (stream, other) = duplex(2 * MOST);
        (Limited { stream, left: MOST }, other)
    }

    #[tokio::test]
    async fn as_many_answers_as_commands_may_arrive_together() {
        const GET: [u8; 90] = [b'G'; 90];
        let (mut stream, mut redis) = limited();
        for _ in 0..3 {
            for _ in 0..AT_ONCE {
                stream.write_all(&GET).await.unwrap();
            }
            redis.write_all(&vec![b'a'; MOST]).await.unwrap();
            stream.read_exact(&mut vec![0; MOST]).await.unwrap();
        }
    }

    #[tokio::test]
    async fn more_than_was_asked_for_is_refused() {
        let (mut stream, mut redis) = limited();
        redis.write_all(&vec![b'a'; MOST + 1]).await.unwrap();
        let mut read = Vec::new();
        let error = stream.read_to_end(&mut read).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
        assert!(read.len() <= MOST);
    }

    #[tokio::test]
    async fn a_command_allows_for_its_answer_and_little_more() {
        let (mut stream, mut redis) = limited();
        for _ in 0..MOST / 1024 {
            redis.write_all(&[b'a'; 1024]).await.unwrap();
            stream.read_exact(&mut [0; 1024]).await.unwrap();
        }
        stream.write_all(&[b'P'; 14]).await.unwrap();
        redis.write_all(&[b'a'; 14 * ANSWER_PER_BYTE + 1]).await.unwrap();
        stream.read_exact(&mut [0; 14 * ANSWER_PER_BYTE]).await.unwrap();
        assert!(stream.read_exact(&mut [0]).await.is_err());
    }

    #[tokio::test]
    async fn the_wait_for_an_answer_does_not_end_with_its_client() {
        let (answer, answered) = tokio::sync::oneshot::channel();
        let wait = async move {
            tokio::task::yield_now().await;
            answer.send(()).unwrap();
        };
        drop(ToTheEnd(Some(wait.boxed())));
        answered.await.unwrap();
    }
}
