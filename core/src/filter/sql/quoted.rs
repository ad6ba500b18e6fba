//! Quotes as texts have them, around words and signs: `the "like" button`.
//!
//! Between a quote that ends the string around the value and the next one there is SQL, and behind that one there is a string. What stands
//! in quotes that are set off from their surroundings is therefore no SQL if it is a word or a sign, and what follows makes no operand of it.

use super::stream::Stream;
use super::token::Kind;
use super::words::Word;

impl Stream<'_> {
    /// Whether nothing but signs stands in the quotes that open at `index`: `what is '*'`, `["#"]`. At the start of a value, and where they
    /// cut off what follows, they count as signs of SQL.
    pub(super) fn is_quoted_sign(&self, index: usize) -> bool {
        let end = self.skip(index + 1, |kind| {
            matches!(
                kind,
                Kind::Operator(_)
                    | Kind::Compare
                    | Kind::Logic
                    | Kind::Dashes
                    | Kind::Hash
                    | Kind::Semicolon
                    | Kind::Close
                    | Kind::Comma
            )
        });
        let cuts = (index..end).any(|at| self.is_comment(at));
        let is_behind_text = if cuts || index == 1 {
            self.is_behind_sign(index)
        } else {
            index > 1 && !self.is(index - 1, Word::Like)
        };
        is_behind_text && end > index + 1 && self.is_quoted(index + 1, end)
    }

    /// Whether a word stands alone in quotes: `"like"`, `'--all'`.
    pub(super) fn is_quoted_word(&self, index: usize) -> bool {
        let is_option = index > 0 && self.kind(index - 1) == Kind::Dashes && !self.is_spaced(index);
        let start = index - usize::from(is_option);
        matches!(self.kind(index), Kind::Word(_) | Kind::Name) && self.is_quoted(start, index + 1)
    }

    /// Whether the tokens from `start` to `end` are all that stands in a pair of quotes, which are set off from what is around them:
    /// `the "like" button`, `['or', 'and']`. A string that the value ends is not followed by words, but by an expression.
    pub(super) fn is_quoted(&self, start: usize, end: usize) -> bool {
        let Some(open) = start.checked_sub(1) else {
            return false;
        };
        matches!((self.kind(open), self.kind(end)), (Kind::Break(one), Kind::Quote(other)) if one == other)
            && !self.is_spaced(start)
            && !self.is_spaced(end)
            && self.is_set_off(open)
            && (self.goes_on_as_text(end + 1) || self.is_attribute(open, end))
    }

    /// Whether a quote begins what it quotes, rather than to end what stands before it.
    pub(super) fn is_set_off(&self, quote: usize) -> bool {
        quote == 0 || self.is_spaced(quote) || self.is_behind_sign(quote)
    }

    /// Whether what stands before a quote is a sign that a string follows in code.
    pub(super) fn is_behind_sign(&self, quote: usize) -> bool {
        quote > 0
            && matches!(
                self.kind(quote - 1),
                Kind::Open | Kind::Comma | Kind::Compare | Kind::Operator(_) | Kind::Other(_)
            )
    }

    /// Whether a pair of quotes ends a tag: `<b class='like'>`.
    fn is_attribute(&self, open: usize, close: usize) -> bool {
        open > 0 && self.bytes(open - 1) == b"=" && self.bytes(close + 1) == b">"
    }

    /// Whether what stands behind a quote that is closed does not belong to an expression. Databases read a string as a number if it begins
    /// with one, and as a truth value if it names one: `x 'or' 1`, `x 'or' yes`.
    fn goes_on_as_text(&self, index: usize) -> bool {
        let sign = usize::from(matches!(self.kind(index), Kind::Operator(_)));
        let is_number = self
            .bytes(index + sign)
            .first()
            .is_some_and(|&byte| byte == b'.' || byte.is_ascii_digit());
        let is_truth = matches!(
            self.bytes(index),
            b"t" | b"tr" | b"tru" | b"true" | b"y" | b"ye" | b"yes" | b"on"
        );
        match self.kind(index) {
            _ if is_number || is_truth && self.is_end(index + 1) => false,
            Kind::End | Kind::Comma | Kind::Close | Kind::Semicolon | Kind::Dot | Kind::Other(_) => true,
            _ => self.is_spaced(index),
        }
    }
}
