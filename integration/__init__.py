"""The integration suite: the same tests on DynamoDB Local, on dynoxide and on the embedded server."""
