//! A page of a list: `{"data":[…],"next_cursor":"…"}`.

use std::rc::Rc;

use super::json::write_json_string;
use super::rows::{Chunks, write_object};
use crate::pg::DataRow;
use crate::query::{Params, Statement};

/// Writes a page. It is given one row more than the page has, where there is one: that row is not shown, it says that there is
/// a next page, which begins after the last row shown.
#[derive(Debug)]
pub struct PageWriter {
    statement: Rc<Statement>,
    limit: u64,
    /// Where in a row (shown and hidden columns counted together) the values stand that a cursor is made of.
    cursor_columns: Vec<usize>,
    body: Chunks,
    rows: u64,
    more: bool,
    /// Those values of the last row that the page can have.
    last: Params,
}

/// What is left to send of a page, and what its headers need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The body, or what of it did not leave as a chunk.
    pub body: Vec<u8>,
    /// How many rows are shown in all.
    pub rows: u64,
    /// Whether there are rows after these.
    pub more: bool,
    /// The cursor of the next page, as the body has it.
    pub next_cursor: Option<String>,
}

impl PageWriter {
    /// A page of at most `limit` rows of `statement`, which selects one more. Without `cursor_columns` it never has a cursor.
    pub fn new(statement: Rc<Statement>, limit: u64, cursor_columns: Vec<usize>) -> Self {
        Self {
            statement,
            limit,
            cursor_columns,
            body: Chunks::starting_with(br#"{"data":["#),
            rows: 0,
            more: false,
            last: Params::new(),
        }
    }

    /// Appends a row, or learns from it that there is another page.
    pub fn push(&mut self, row: &DataRow<'_>) {
        if self.rows >= self.limit {
            self.more = true;
            return;
        }
        if self.rows > 0 {
            self.body.open.push(b',');
        }
        self.rows += 1;
        write_object(&mut self.body.open, row, self.statement.columns());
        // Only the last row of a full page can be followed by another page.
        if self.rows == self.limit {
            for &column in &self.cursor_columns {
                match row.values().nth(column).flatten() {
                    Some(value) => self.last.push(value),
                    None => self.last.push_null(),
                };
            }
        }
    }

    /// How many rows are shown so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many bytes [`Self::take_chunk`] could give out now.
    pub fn pending_bytes(&self) -> usize {
        self.body.open.len()
    }

    /// What is finished, once it is at least `threshold` bytes: for pages that are sent while rows still come in. The bytes of
    /// all chunks and of [`Page::body`] together are those of the page that never gave any out.
    pub fn take_chunk(&mut self, threshold: usize) -> Option<Vec<u8>> {
        self.body.take(threshold)
    }

    /// Ends the page. `encode_cursor` makes the cursor of the values of the last row shown (`None` for NULL), and is asked only
    /// when there is another page and the page can have a cursor; its error is the answer.
    pub fn finish<E>(
        mut self,
        encode_cursor: impl FnOnce(&[Option<&[u8]>]) -> Result<String, E>,
    ) -> Result<Page, E> {
        let next_cursor = if self.more && !self.last.is_empty() {
            let values: Vec<_> = self.last.iter().collect();
            Some(encode_cursor(&values)?)
        } else {
            None
        };
        let body = &mut self.body.open;
        body.extend_from_slice(br#"],"next_cursor":"#);
        match &next_cursor {
            Some(cursor) => write_json_string(body, cursor.as_bytes()),
            None => body.extend_from_slice(b"null"),
        }
        body.push(b'}');
        Ok(Page {
            body: self.body.open,
            rows: self.rows,
            more: self.more,
            next_cursor,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::rc::Rc;

    use super::super::test_rows::{columns, row};
    use super::{Page, PageWriter};
    use crate::pg::DataRow;
    use crate::query::Statement;

    fn statement() -> Statement {
        Statement::new("SELECT", columns(&["id"]), 2)
    }

    /// A page of ids, each row with a hidden NULL and its id once more; parted into chunks of at least `threshold` bytes.
    fn page(ids: std::ops::Range<u32>, limit: u64, threshold: usize) -> (String, Page) {
        let mut writer = PageWriter::new(Rc::new(statement()), limit, vec![1, 2]);
        let mut sent = Vec::new();
        for id in ids {
            let id = id.to_string();
            let body = row(&[Some(&id), None, Some(&id)]);
            writer.push(&DataRow::parse(&body).expect("well-formed"));
            sent.extend(writer.take_chunk(threshold).unwrap_or_default());
        }
        let page = writer.finish(|values| {
            let [None, Some(id)] = values else {
                panic!("two hidden values")
            };
            Ok::<_, Infallible>(format!("after-{}", String::from_utf8_lossy(id)))
        });
        let page = page.expect("infallible");
        sent.extend_from_slice(&page.body);
        (String::from_utf8(sent).expect("the tests use UTF-8"), page)
    }

    #[test]
    fn one_row_more_than_the_limit_makes_a_cursor_of_the_last_row_shown() {
        let (body, page) = page(1..4, 2, usize::MAX);
        assert_eq!(body, r#"{"data":[{"id":1},{"id":2}],"next_cursor":"after-2"}"#);
        assert_eq!(
            (page.rows, page.more, page.next_cursor.as_deref()),
            (2, true, Some("after-2"))
        );
    }

    #[test]
    fn a_page_that_is_just_full_is_the_last() {
        let (body, page) = page(1..3, 2, usize::MAX);
        assert_eq!(body, r#"{"data":[{"id":1},{"id":2}],"next_cursor":null}"#);
        assert_eq!((page.rows, page.more, page.next_cursor), (2, false, None));
    }

    #[test]
    fn no_rows() {
        assert_eq!(page(0..0, 2, usize::MAX).0, r#"{"data":[],"next_cursor":null}"#);
    }

    #[test]
    fn without_cursor_columns_there_is_no_cursor() {
        let statement = Statement::new("SELECT", columns(&["id"]), 0);
        let mut writer = PageWriter::new(Rc::new(statement), 1, Vec::new());
        for _ in 0..2 {
            writer.push(&DataRow::parse(&row(&[Some("1")])).expect("well-formed"));
        }
        let page = writer
            .finish(|_| Err("there is nothing to make a cursor of"))
            .expect("not asked");
        assert_eq!(page.body, br#"{"data":[{"id":1}],"next_cursor":null}"#);
        assert!(page.more && page.next_cursor.is_none());
    }

    #[test]
    fn a_page_is_the_same_in_parts_and_as_a_whole() {
        let whole = page(0..1000, 999, usize::MAX).0;
        for threshold in [1, 10, 100, 1000] {
            assert_eq!(page(0..1000, 999, threshold).0, whole);
        }
    }
}
