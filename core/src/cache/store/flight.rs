//! What a request is told: a stored response, to make one, or to wait for the one that makes it ("single flight").

use super::{
    FLIGHT, FLIGHT_OWNER, FLIGHT_UNTIL, FLIGHTS, Generations, Key, Lifetime, Number, PASS_UNTIL, Store,
    Stored, USES,
};

/// The making of one response. Only the one that began last can end it: what was purged or has taken too long does not come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flight(u64);

/// What a request asks.
pub struct Inquiry<'i> {
    /// What it asks for.
    pub key: Key<'i>,
    /// The time, in milliseconds of a clock that all processes share.
    pub now_ms: u64,
    /// The process that asks: a number other than 0.
    pub process: u64,
    /// Whether a process is still there.
    pub is_alive: &'i dyn Fn(u64) -> bool,
    /// How long others wait for the response, if this request is to make it.
    pub flight_ms: u64,
    /// How often a response has to be asked for until it is stored.
    pub min_uses: u32,
    /// Whether a stored response that is current is fresh enough for this request.
    pub is_fresh: &'i dyn Fn(&Lifetime) -> bool,
    /// No stored response will do, nor one that is being made already.
    pub is_refresh: bool,
    /// What has changed.
    pub generations: Generations<'i>,
}

/// What a request is told.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// This is the response.
    Fresh(Stored),
    /// Make one; others wait for it. The old one may be sent where that fails.
    Make {
        /// What ends with it.
        flight: Flight,
        /// A response that is too old.
        old: Option<Stored>,
        /// There was one, good or not.
        was_stored: bool,
    },
    /// Another request is making one.
    UnderWay {
        /// What ends with it.
        flight: Flight,
        /// A response that is too old, which may be sent meanwhile.
        old: Option<Stored>,
    },
    /// Make one for yourself: nobody waits for it, and it is not stored.
    Pass {
        /// A response that is too old, which may be sent where that fails.
        old: Option<Stored>,
    },
}

impl Store<'_> {
    /// Asks for a response.
    pub fn ask(&mut self, inquiry: &Inquiry<'_>) -> Answer {
        let Some(number) = self.find(&inquiry.key) else {
            return self.ask_first(inquiry);
        };
        self.touch(number);
        let stored = self.stored(number);
        let was_stored = stored.is_some();
        if inquiry.is_refresh {
            // What others wait for was asked of the database before this, and they may have it: a client that refreshes all the time must
            // not keep it from them.
            if self.is_in_flight(number, inquiry.now_ms, inquiry.is_alive) {
                return Answer::Pass { old: None };
            }
            let flight = self.begin_flight(number, inquiry);
            return Answer::Make {
                flight,
                old: None,
                was_stored,
            };
        }
        // What is out of date is never sent; what is only old may be.
        let current = stored.filter(|stored| stored.record.dependencies.are_current(&inquiry.generations));
        let old = match current {
            Some(stored) if (inquiry.is_fresh)(&stored.lifetime) => return Answer::Fresh(stored),
            current => current.filter(|stored| inquiry.now_ms < stored.lifetime.stale_until_ms),
        };
        if self.is_in_flight(number, inquiry.now_ms, inquiry.is_alive) {
            let flight = Flight(self.meta(number, FLIGHT));
            return Answer::UnderWay { flight, old };
        }
        let uses = self.meta(number, USES).saturating_add(1);
        self.set_meta(number, USES, uses);
        if inquiry.now_ms < self.meta(number, PASS_UNTIL) || uses < inquiry.min_uses.into() {
            return Answer::Pass { old };
        }
        let flight = self.begin_flight(number, inquiry);
        Answer::Make {
            flight,
            old,
            was_stored,
        }
    }

    /// Nobody has asked for it before, as far as is known.
    fn ask_first(&mut self, inquiry: &Inquiry<'_>) -> Answer {
        let Some(number) = self.insert(&inquiry.key, &[]) else {
            return Answer::Pass { old: None };
        };
        self.set_meta(number, USES, 1);
        if inquiry.min_uses > 1 {
            return Answer::Pass { old: None };
        }
        let flight = self.begin_flight(number, inquiry);
        Answer::Make {
            flight,
            old: None,
            was_stored: false,
        }
    }

    /// The response cannot be stored, or there is none. Until `pass_until_ms` nobody is made to wait for another; 0 lets the next one
    /// try again at once.
    pub fn give_up(&mut self, key: &Key<'_>, flight: Flight, pass_until_ms: u64) {
        if let Some(number) = self.end_flight(key, flight) {
            self.set_meta(number, PASS_UNTIL, pass_until_ms);
        }
    }

    /// Whether this is still being made. (What another request makes since then is another one: where one follows the other, who waits would
    /// never see the end.)
    pub fn is_being_made(
        &self,
        key: &Key<'_>,
        flight: Flight,
        now_ms: u64,
        is_alive: &dyn Fn(u64) -> bool,
    ) -> bool {
        self.find(key).is_some_and(|number| {
            Flight(self.meta(number, FLIGHT)) == flight && self.is_in_flight(number, now_ms, is_alive)
        })
    }

    /// The entry of a flight, which is over; `None` if it was not the last one, or its entry is gone.
    pub(super) fn end_flight(&mut self, key: &Key<'_>, Flight(flight): Flight) -> Option<Number> {
        let number = self.find(key)?;
        if self.meta(number, FLIGHT) != flight {
            return None;
        }
        self.set_meta(number, FLIGHT, 0);
        self.set_meta(number, FLIGHT_OWNER, 0);
        Some(number)
    }

    fn begin_flight(&mut self, number: Number, inquiry: &Inquiry<'_>) -> Flight {
        self.header[FLIGHTS] = self.header[FLIGHTS].wrapping_add(1).max(1);
        let flight = self.header[FLIGHTS];
        self.set_meta(number, FLIGHT, flight);
        self.set_meta(number, FLIGHT_OWNER, inquiry.process);
        self.set_meta(
            number,
            FLIGHT_UNTIL,
            inquiry.now_ms.saturating_add(inquiry.flight_ms),
        );
        Flight(flight)
    }

    /// Whether somebody is making the response who is still there and has time left.
    fn is_in_flight(&self, number: Number, now_ms: u64, is_alive: &dyn Fn(u64) -> bool) -> bool {
        match self.meta(number, FLIGHT_OWNER) {
            0 => false,
            owner => now_ms < self.meta(number, FLIGHT_UNTIL) && is_alive(owner),
        }
    }
}
