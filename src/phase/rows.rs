//! Where the rows of a request's statement go: rendered as they come, so that a response is written once.

use std::rc::Rc;

use postern_core::error::Error;
use postern_core::pg::DataRow;
use postern_core::plan::ResponseShape;
use postern_core::query::{OutputColumn, Statement};
use postern_core::response::{ArrayWriter, PageWriter, write_object};

use super::cache::Recorder;
use super::reply::JSON;
use crate::nginx::stream::{Gone, Stream};
use crate::nginx::task::RequestHandle;
use crate::nginx::time;
use crate::worker::{PART_BYTES, Parts, Sink};

/// Takes the rows of one statement of a batch.
pub(super) struct Rows {
    /// Which statement of the batch; those before it only set the context.
    position: usize,
    statement: Rc<Statement>,
    /// What has been written.
    pub(super) result: RowsResult,
}

/// The rows as the shape of the response wants them.
pub(super) enum RowsResult {
    /// A page of a list. It is large, and other results are moved as often.
    Page(Box<PageWriter>),
    /// One object, if there was a row.
    Object(ObjectRow),
    /// A new row.
    Created(CreatedRow),
    /// New rows.
    CreatedMany(ArrayWriter),
    /// How many rows went.
    Deleted(u64),
}

/// A new row as an object; empty where there is none.
#[derive(Debug)]
pub(super) struct CreatedRow {
    /// See [`ResponseShape::CreatedOne`].
    key_places: Vec<usize>,
    pub(super) json: Vec<u8>,
    /// The values of its key.
    pub(super) key: Vec<Vec<u8>>,
}

impl CreatedRow {
    fn take(&mut self, row: &DataRow<'_>, columns: &[OutputColumn]) {
        self.json.clear();
        self.json.reserve(OBJECT_CAPACITY);
        write_object(&mut self.json, row, columns);
        let value = |&place: &usize| {
            let value = row.values().nth(place)?;
            Some(value.unwrap_or_default().to_vec())
        };
        self.key.clear();
        self.key.extend(self.key_places.iter().filter_map(value));
    }
}

/// A row as an object.
#[derive(Debug, Default)]
pub(super) struct ObjectRow {
    /// See [`ResponseShape::Object`].
    last_modified_place: Option<usize>,
    text_place: Option<usize>,
    /// The object; `None` without a row.
    pub(super) json: Option<Vec<u8>>,
    /// When it was last changed, in seconds of Unix time.
    pub(super) last_modified_s: Option<i64>,
    /// Its columns as one text.
    pub(super) text: Option<Vec<u8>>,
}

impl ObjectRow {
    /// A key that is not unique: the first row is as good as any.
    fn take(&mut self, row: &DataRow<'_>, columns: &[OutputColumn]) {
        if self.json.is_some() {
            return;
        }
        let mut json = Vec::with_capacity(OBJECT_CAPACITY);
        write_object(&mut json, row, columns);
        self.json = Some(json);
        let value = |place: Option<usize>| row.values().nth(place?).flatten();
        let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse().ok();
        self.last_modified_s = value(self.last_modified_place).and_then(number);
        self.text = value(self.text_place).map(<[u8]>::to_vec);
    }
}

impl Rows {
    /// Nothing yet. `position` is that of the statement in its batch.
    pub(super) fn new(shape: &ResponseShape, statement: &Rc<Statement>, position: usize) -> Self {
        let result = match shape {
            ResponseShape::Page { limit, cursor } => {
                let columns = cursor
                    .as_ref()
                    .map(|cursor| cursor.columns.clone())
                    .unwrap_or_default();
                RowsResult::Page(Box::new(PageWriter::new(Rc::clone(statement), *limit, columns)))
            }
            ResponseShape::Object { last_modified, text } => RowsResult::Object(ObjectRow {
                last_modified_place: *last_modified,
                text_place: *text,
                ..ObjectRow::default()
            }),
            ResponseShape::CreatedOne { key } => RowsResult::Created(CreatedRow {
                key_places: key.clone(),
                json: Vec::new(),
                key: Vec::new(),
            }),
            ResponseShape::CreatedMany => RowsResult::CreatedMany(ArrayWriter::new(Rc::clone(statement))),
            ResponseShape::Deleted => RowsResult::Deleted(0),
        };
        Self {
            position,
            statement: Rc::clone(statement),
            result,
        }
    }
}

/// Room for an object of usual size.
const OBJECT_CAPACITY: usize = 512;

impl Sink for Rows {
    fn row(&mut self, statement: usize, row: &DataRow<'_>) {
        if statement != self.position {
            return;
        }
        match &mut self.result {
            RowsResult::Page(page) => page.push(row),
            RowsResult::CreatedMany(array) => array.push(row),
            RowsResult::Deleted(rows) => *rows += 1,
            RowsResult::Object(object) => object.take(row, self.statement.columns()),
            RowsResult::Created(created) => created.take(row, self.statement.columns()),
        }
    }

    fn pending_bytes(&self) -> usize {
        match &self.result {
            RowsResult::Page(page) => page.pending_bytes(),
            // A write is answered when it is committed, and not before.
            _ => 0,
        }
    }
}

/// nginx's status for a client that closed its connection. Nobody sees it but the log.
const CLIENT_GONE: Error = Error::Http(499);

/// Sends a large page while its rows still come in.
pub(super) struct PageParts<'r> {
    request: &'r RequestHandle,
    stream: Streaming,
    /// How long the client has let its parts wait, in microseconds.
    sending_us: u64,
    /// Is told that the page is not held as a whole, and cannot be kept.
    pub(super) recorder: Option<Rc<Recorder>>,
}

/// How far a response has got.
enum Streaming {
    /// Nothing has been sent: the page may still be a whole response.
    NotBegun,
    /// The header has been sent.
    Begun(Stream),
    /// Only the header is wanted (HEAD): parts are dropped, so that the page is never held as a whole.
    Dropped,
}

impl<'r> PageParts<'r> {
    /// Nothing has been sent.
    pub(super) fn new(request: &'r RequestHandle) -> Self {
        Self {
            request,
            stream: Streaming::NotBegun,
            sending_us: 0,
            recorder: None,
        }
    }

    /// The stream, if the header has been sent.
    pub(super) fn into_stream(self) -> Option<Stream> {
        match self.stream {
            Streaming::Begun(stream) => Some(stream),
            Streaming::NotBegun | Streaming::Dropped => None,
        }
    }

    /// How long the client has let its parts wait, in microseconds.
    pub(super) fn sending_us(&self) -> u64 {
        self.sending_us
    }

    /// Whether bytes were dropped, so that the length of the page is not known.
    pub(super) fn has_dropped(&self) -> bool {
        matches!(self.stream, Streaming::Dropped)
    }
}

impl Parts<Rows> for PageParts<'_> {
    fn take(rows: &mut Rows) -> Option<Vec<u8>> {
        match &mut rows.result {
            RowsResult::Page(page) => page.take_chunk(PART_BYTES),
            _ => None,
        }
    }

    async fn send(&mut self, part: Vec<u8>) -> Result<(), Error> {
        if let Streaming::NotBegun = self.stream {
            if let Some(recorder) = self.recorder.take() {
                recorder.give_up();
            }
            let header_only = self
                .request
                .with(|request| request.is_header_only() || request.method() == b"HEAD")
                .unwrap_or(true);
            self.stream = if header_only {
                Streaming::Dropped
            } else {
                Streaming::Begun(Stream::begin(self.request, JSON).map_err(|Gone| CLIENT_GONE)?)
            };
        }
        match &self.stream {
            Streaming::Begun(stream) => {
                let began_us = time::precise_us();
                let sent = stream.send(part.into()).await;
                self.sending_us += time::precise_us().saturating_sub(began_us);
                sent.map_err(|Gone| CLIENT_GONE)
            }
            Streaming::NotBegun | Streaming::Dropped => Ok(()),
        }
    }

    fn began(&self) -> bool {
        !matches!(self.stream, Streaming::NotBegun)
    }
}
