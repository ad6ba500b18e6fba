//! Random bytes, from the generator of the cryptographic library, which the operating system seeds.

/// There are none: the operating system has failed.
#[derive(Debug)]
pub(crate) struct Unavailable;

/// Bytes that nobody can guess.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], Unavailable> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Unavailable)?;
    Ok(bytes)
}
