"""From a document's text to JSON values, and hints when it is another format."""
