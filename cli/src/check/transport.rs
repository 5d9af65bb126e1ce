//! Messages to and from one server, over UDP, TCP or TLS (RFC 8656 section 3.1).

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use stun_types::attribute::pad_attribute_len;
use stun_types::message::MessageHeader;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use turn_types::channel::ChannelData;

use super::certificate::{self, Authorities, Tls};

pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Stream for T {}

/// How to reach a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Udp,
    Tcp,
    Tls,
}

/// The connection to a server: one 5-tuple.
pub(crate) struct Connection {
    wire: Wire,
    pub(crate) server: SocketAddr,
    pub(crate) local: SocketAddr,
    pub(crate) way: Way,
    pub(crate) tls: Option<Tls>,
    patience: Duration,
}

enum Wire {
    Udp(UdpSocket),
    Stream { stream: Box<dyn Stream>, buffer: Vec<u8> },
}

impl Connection {
    pub(crate) async fn open(
        way: Way,
        server: SocketAddr,
        host: &str,
        authorities: &Authorities,
        patience: Duration,
    ) -> io::Result<Self> {
        {
            if way == Way::Udp {
                let socket = UdpSocket::bind(any(server)).await?;
                socket.connect(server).await?;
                let local = socket.local_addr()?;
                let wire = Wire::Udp(socket);
                return Ok(Self { wire, server, local, way, tls: None, patience });
            }
            let connecting = timeout(patience, TcpStream::connect(server)).await;
            let stream = connecting.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))?;
            stream.set_nodelay(true)?;
            let local = stream.local_addr()?;
            let (stream, tls): (Box<dyn Stream>, _) = if way == Way::Tls {
                let versions = rustls::ALL_VERSIONS;
                let (stream, tls) =
                    certificate::handshake(stream, host, authorities, patience, versions).await?;
                (Box::new(stream), Some(tls))
            } else {
                (Box::new(stream), None)
            };
            let wire = Wire::Stream { stream, buffer: Vec::new() };
            Ok(Self { wire, server, local, way, tls, patience })
        }
    }

    pub(crate) fn is_reliable(&self) -> bool {
        matches!(self.wire, Wire::Stream { .. })
    }

    /// Sends one message, padded over a stream to a multiple of four bytes (RFC 8656 section 12.5).
    pub(crate) async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        match &mut self.wire {
            Wire::Udp(socket) => socket.send(message).await.map(drop),
            Wire::Stream { stream, .. } => {
                let mut padded = message.to_vec();
                padded.resize(pad_attribute_len(message.len()), 0);
                let sending = async {
                    stream.write_all(&padded).await?;
                    stream.flush().await
                };
                // A server that reads nothing blocks it.
                let sent = timeout(self.patience, sending).await;
                sent.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
            }
        }
    }

    /// Receives one message. This method is cancel safe.
    pub(crate) async fn receive(&mut self) -> io::Result<Vec<u8>> {
        match &mut self.wire {
            Wire::Udp(socket) => {
                let mut bytes = vec![0; 65_536];
                let length = socket.recv(&mut bytes).await?;
                bytes.truncate(length);
                Ok(bytes)
            }
            Wire::Stream { stream, buffer } => loop {
                if let Some(length) = message_length(buffer)? {
                    let rest = buffer.split_off(pad_attribute_len(length));
                    let mut message = std::mem::replace(buffer, rest);
                    message.truncate(length);
                    return Ok(message);
                }
                if stream.read_buf(buffer).await? == 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
            },
        }
    }
}

/// The length of the first message in a stream, if all of it and its padding have arrived.
fn message_length(buffer: &[u8]) -> io::Result<Option<usize>> {
    if buffer.len() < 4 {
        return Ok(None);
    }
    let length = if let Ok((_, length)) = ChannelData::parse_header(buffer) {
        4 + length
    } else if buffer.len() < MessageHeader::LENGTH {
        return Ok(None);
    } else {
        let header = MessageHeader::from_bytes(buffer).map_err(|_| ErrorKind::InvalidData)?;
        MessageHeader::LENGTH + usize::from(header.data_length())
    };
    Ok((buffer.len() >= pad_attribute_len(length)).then_some(length))
}

/// The unspecified address of the server's family.
pub(crate) fn any(server: SocketAddr) -> SocketAddr {
    match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_reads_nothing_does_not_block_us() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let (server, patience) = (listener.local_addr().unwrap(), Duration::from_millis(200));
        let authorities = Authorities::new(None).unwrap();
        let error = runtime.block_on(async {
            let connecting = Connection::open(Way::Tcp, server, "a", &authorities, patience);
            let mut connection = connecting.await.unwrap();
            let message = vec![0; 65_536];
            loop {
                if let Err(error) = connection.send(&message).await {
                    return error;
                }
            }
        });
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }
}
