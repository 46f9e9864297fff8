package layercache

// Encode is what of a record is sealed.
var Encode = encode
