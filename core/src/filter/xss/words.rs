//! Tags, attributes and events of HTML.

use super::super::word_map::WordMap;

/// What a tag can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// It runs script, loads what does, or changes what the whole page is.
    Active,
    /// It does so with the right attributes.
    Loading,
    /// It does not, unless it handles an event.
    Passive,
}

pub(super) static TAGS: WordMap<Tag, 512> = WordMap::new(&[
    (
        "script iframe frame frameset applet isindex layer ilayer bgsound vmlframe xss animate animatemotion animatetransform handler \
         foreignobject import noscript noframes xmp plaintext",
        Tag::Active,
    ),
    (
        "object embed base meta link style svg math form xml html body head title textarea template marquee portal fencedframe image \
         video audio source input button img a div p set use select keygen isindex table td bdo x blink var br hr",
        Tag::Loading,
    ),
    (
        "b i u em strong span code pre ul ol li h1 h2 h3 h4 h5 h6 blockquote tr th thead tbody tfoot dl dt dd sup sub small big \
         abbr cite q s del ins kbd samp mark label option optgroup fieldset legend details summary figure figcaption section article \
         header footer nav aside main address time canvas map area param center font tt strike menu dialog picture track wbr",
        Tag::Passive,
    ),
]);

/// The names of events, without their `on`.
static EVENTS: WordMap<(), 512> = WordMap::new(&[(
    "abort activate afterprint afterscriptexecute afterupdate animationcancel animationend animationiteration animationstart auxclick \
     beforeactivate beforecopy beforecut beforedeactivate beforeeditfocus beforeinput beforematch beforepaste beforeprint \
     beforescriptexecute beforetoggle beforeunload beforeupdate begin blur bounce cancel canplay canplaythrough cellchange change click \
     close contentvisibilityautostatechange contextmenu controlselect copy cuechange cut dataavailable datasetchanged datasetcomplete \
     dblclick deactivate drag dragdrop dragend dragenter dragexit dragleave dragover dragstart drop durationchange emptied end ended \
     error errorupdate filterchange finish focus focusin focusout formchange forminput formdata fullscreenchange fullscreenerror \
     gesturechange gestureend gesturestart gotpointercapture hashchange help input invalid keydown keypress keyup languagechange \
     layoutcomplete load loadeddata loadedmetadata loadend loadstart location losecapture lostpointercapture message messageerror \
     mediacomplete mediaerror mousedown mouseenter mouseleave mousemove mouseout mouseover mouseup mousewheel move moveend movestart \
     mozfullscreenchange offline online outofsync page pagehide pagereveal pageshow pageswap paste pause play playing pointercancel \
     pointerdown pointerenter pointerleave pointermove pointerout pointerover pointerrawupdate pointerup popstate progress \
     propertychange ratechange readystatechange redo rejectionhandled repeat reset resize resizeend resizestart resume reverse \
     rowdelete rowenter rowexit rowinserted rowsdelete rowsenter rowsinserted scroll scrollend scrollsnapchange scrollsnapchanging search securitypolicyviolation seek seeked \
     seeking select selectionchange selectstart show slotchange stalled start stop storage submit suspend syncrestored timeerror \
     timeupdate toggle touchcancel touchend touchmove touchstart trackchange transitioncancel transitionend transitionrun \
     transitionstart undo unhandledrejection unload urlflip validationstatuschange volumechange waiting webkitanimationend \
     webkitanimationiteration webkitanimationstart webkitfullscreenchange webkitmouseforcechanged webkitmouseforcedown \
     webkitmouseforceup webkitmouseforcewillbegin webkitplaybacktargetavailabilitychanged webkittransitionend \
     webkitwillrevealbottom wheel zoom mozorientation webkitpresentationmodechanged x",
    (),
)]);

/// Whether a name is that of an attribute that handles an event.
pub(super) fn is_handler(name: &[u8]) -> bool {
    name.strip_prefix(b"on")
        .is_some_and(|event| EVENTS.find(event).is_some())
}

/// Whether an attribute has a URL that is followed, or markup.
pub(super) fn is_url_attribute(name: &[u8]) -> bool {
    let local = name.rsplit(|&byte| byte == b':').next().unwrap_or(name);
    matches!(
        local,
        b"href"
            | b"src"
            | b"action"
            | b"formaction"
            | b"data"
            | b"srcdoc"
            | b"background"
            | b"dynsrc"
            | b"lowsrc"
            | b"poster"
            | b"srcset"
            | b"from"
            | b"to"
            | b"values"
            | b"value"
            | b"content"
            | b"code"
            | b"codebase"
            | b"url"
            | b"xlink"
            | b"folder"
            | b"style"
            | b"by"
            | b"manifest"
            | b"ping"
            | b"profile"
            | b"cite"
            | b"classid"
            | b"handler"
    )
}
