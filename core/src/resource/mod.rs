//! `postern_resource`: from a method, a path below the location, arguments and a body to an `ApiRequest`.
