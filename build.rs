//! Tells the module which nginx it is built for: the features that it was configured with, as `cfg(ngx_feature = "…")`, and the bindings that
//! `nginx-sys` leaves out.

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::Command;

/// The feature with which nginx has pools of threads.
const THREADS: &str = "threads";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    state_facts()?;
    let features_known = env::var("DEP_NGINX_FEATURES_CHECK")?;
    println!("cargo::rustc-check-cfg=cfg(ngx_feature, values({features_known}))");
    let features = env::var("DEP_NGINX_FEATURES")?;
    for feature in features.split(',').filter(|feature| !feature.is_empty()) {
        println!("cargo::rustc-cfg=ngx_feature=\"{feature}\"");
    }
    if features.split(',').any(|feature| feature == THREADS) {
        bind_threads(Path::new(&env::var("OUT_DIR")?))?;
    }
    Ok(())
}

/// What the module says of itself when nginx starts: by which compiler and from which commit it was made, as far as that is known.
fn state_facts() -> Result<(), Box<dyn Error>> {
    let says = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
    };
    let compiler = says(&env::var("RUSTC")?, &["--version"]).unwrap_or_default();
    println!("cargo::rustc-env=BUILT_BY={compiler}");
    // What is passed on names its commit itself: git's answer is as old as the last time that this was run.
    println!("cargo::rerun-if-env-changed=POSTERN_COMMIT");
    let commit = env::var("POSTERN_COMMIT")
        .ok()
        .filter(|commit| !commit.is_empty())
        .or_else(|| says("git", &["rev-parse", "--short=12", "HEAD"]))
        .unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=BUILT_FROM={commit}");
    println!("cargo::rustc-env=BUILT_FOR={}", env::var("DEP_NGINX_VERSION")?);
    // A commit that does not change what is compiled is no reason to compile.
    println!("cargo::rerun-if-changed=Cargo.lock");
    Ok(())
}

/// Pools of threads (`ngx_thread_pool.h`), in terms of the types that `nginx-sys` has.
fn bind_threads(folder: &Path) -> Result<(), Box<dyn Error>> {
    let includes = env::var("DEP_NGINX_INCLUDE")?;
    let includes = env::split_paths(&includes).map(|path| format!("-I{}", path.display()));
    let bindings = bindgen::builder()
        .header_contents(
            "threads.h",
            "#include <ngx_config.h>\n#include <ngx_core.h>\n#include <ngx_thread_pool.h>\n",
        )
        .clang_args(includes)
        .allowlist_function("ngx_thread_pool_add|ngx_thread_task_post")
        .allowlist_type("ngx_thread_task_s|ngx_thread_task_t|ngx_thread_pool_s|ngx_thread_pool_t")
        .allowlist_recursively(false)
        .layout_tests(false)
        .generate()?;
    bindings.write_to_file(folder.join("threads.rs"))?;
    Ok(())
}
