"""The articles' data: where they are published, and how they are downloaded and checked."""
