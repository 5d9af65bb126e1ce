//! Limits the number of connections, and how long a client may leave its answer unread.

use std::future::{self, Ready};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum_server::accept::Accept;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutWriter;
use tracing::warn;

/// How long a client may read nothing of its answer.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(crate) struct Door {
    places: Arc<Semaphore>,
    start: Instant,
    /// When `tell` last logged, in seconds since one minute before the start; 0 if never.
    told: Arc<AtomicU64>,
}

impl Door {
    pub(crate) fn new() -> io::Result<Self> {
        /// File descriptors for the log, the runtime, Redis and a provider.
        const OURS: u64 = 32;
        const MOST: u64 = 65_536;

        // Most systems give a process 1024 file descriptors, and many more on request.
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let wanted = maximum.unwrap_or(MOST).min(MOST).max(current.unwrap_or(MOST));
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })?;
        // Calls to providers need descriptors too: a quarter is reserved for them.
        let places = (wanted.saturating_sub(OURS) / 4 * 3).clamp(1, MOST);
        if places < 256 {
            warn!(places, "few file descriptors: see `ulimit -n`");
        }
        Ok(Self {
            places: Arc::new(Semaphore::new(places as usize)),
            start: Instant::now(),
            told: Arc::new(AtomicU64::new(0)),
        })
    }

    /// Logs that all places are taken, at most once a minute.
    fn tell(&self) {
        let (now, told) = (self.start.elapsed().as_secs() + 60, self.told.load(Ordering::Relaxed));
        if now >= told + 60
            && self.told.compare_exchange(told, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            warn!("too many connections: new ones are answered with 503");
        }
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for Door {
    type Stream = Guest;
    type Service = S;
    type Future = Ready<io::Result<(Guest, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 10\r\n\
            connection: close\r\ncontent-length: 0\r\n\r\n";

        future::ready(match self.places.clone().try_acquire_owned() {
            Ok(place) => stream.set_nodelay(true).map(|()| {
                let mut stream = TimeoutWriter::new(stream);
                stream.set_timeout(Some(PATIENCE));
                (Guest { stream: Box::pin(stream), _place: place }, service)
            }),
            Err(_) => {
                self.tell();
                _ = stream.try_write(FULL);
                Err(io::ErrorKind::ConnectionRefused.into())
            }
        })
    }
}

/// An accepted connection.
pub(crate) struct Guest {
    stream: Pin<Box<TimeoutWriter<TcpStream>>>,
    _place: OwnedSemaphorePermit,
}

impl AsyncRead for Guest {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_read(context, buffer)
    }
}

impl AsyncWrite for Guest {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
