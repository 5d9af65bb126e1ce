//! Makes the files that a Worker is deployed with. The arguments are a module that
//! `cargo build --lib` made for wasm32-unknown-unknown, and the folder for the files.

use std::env;
use std::error::Error;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = env::args_os().skip(1).collect();
    let [module, folder] = &args[..] else { return Err("give a module and a folder".into()) };
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).out_name("worker").typescript(false);
    bindgen.remove_name_section(true).remove_producers_section(true);
    bindgen.web(true)?.omit_default_module_path(true).generate(folder)?;
    Ok(())
}
