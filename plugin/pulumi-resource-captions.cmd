@setlocal
@if not defined NODE_COMPILE_CACHE set "NODE_COMPILE_CACHE=%~dp0..\dist\plugin\.compiled"
@node "%~dp0..\dist\plugin\pulumi-resource-captions.cjs" %*
