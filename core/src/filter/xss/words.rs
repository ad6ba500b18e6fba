//! Tags, attributes and events of HTML.

use super::super::word_map::WordMap;

/// What a tag can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// It runs script, or shows a page that does.
    Script,
    /// It runs script or changes what follows; texts about HTML have it as well.
    Active,
    /// Its content is style, or a document of its own.
    Document,
    /// It loads what it names.
    Loading,
    /// It changes the page, or where input goes.
    Page,
    /// It does nothing, unless it handles an event.
    Passive,
}

#[rustfmt::skip]
pub(super) static TAGS: WordMap<Tag, 256> = WordMap::new(&[
    ("script iframe xss frameset applet", Tag::Script),
    (
        "frame isindex layer ilayer bgsound vmlframe animate animatemotion animatetransform handler foreignobject import noscript noframes xmp plaintext",
        Tag::Active,
    ),
    ("object embed style svg math xml", Tag::Document),
    ("base meta link portal set listener", Tag::Loading),
    ("html head body title textarea template form use", Tag::Page),
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
