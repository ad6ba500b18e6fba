//! Futures that wait side by side: of several databases that hang, nobody waits for one after another.

use std::future::{Future, poll_fn};
use std::task::Poll;

/// The results of these futures, in their order.
pub(crate) async fn together<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        for (future, result) in futures.iter_mut().filter(|(_, result)| result.is_none()) {
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                *result = Some(value);
            }
        }
        if futures.iter().any(|(_, result)| result.is_none()) {
            return Poll::Pending;
        }
        Poll::Ready(
            futures
                .iter_mut()
                .filter_map(|(_, result)| result.take())
                .collect(),
        )
    })
    .await
}
