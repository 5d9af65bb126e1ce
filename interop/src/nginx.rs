//! An nginx in front of a broker.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::coturn::free_ports;
use crate::patience::patiently;

/// A running nginx, which ends when it is dropped.
pub struct Nginx {
    process: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Nginx {
    /// Starts an nginx with this location.
    pub fn with_location(location: &str) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_ports()));
        let folder = TempDir::new().expect("a temporary folder");
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {name};"))
            .concat();
        let config = format!(
            "daemon off; master_process off; pid pid; error_log stderr; events {{}}
            http {{ access_log off; {temporary} server {{ listen {address}; {location} }} }}"
        );
        let path = folder.path().join("nginx.conf");
        fs::write(&path, config).expect("nginx's configuration");
        let mut process = Command::new("/usr/sbin/nginx")
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(path)
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx must be installed: apt-get install nginx");
        let listens = patiently(|| {
            let ended = process.try_wait().expect("the state of nginx");
            assert!(ended.is_none(), "nginx ended at once");
            TcpStream::connect(address).ok()
        });
        assert!(listens.is_some(), "nginx does not listen");
        Self { process, address, _folder: folder }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
